/**
 * Grafana's dashboards: the world, a data centre, a node, a bridge, a RESP server. {@link
 * dev.quicksilver.ops.grafana.Dashboards} says what is on them, {@link
 * dev.quicksilver.ops.grafana.DashboardJson} writes the form that Grafana imports. The files in
 * {@code ops/grafana} are made from here (a test says how) and kept, since that is what is
 * installed. To look at one: Grafana, Dashboards, New, Import. The bar {@code ops.dashboards} asks
 * a real Prometheus for each panel. Grafana's own library for this is not on Maven Central.
 */
@org.jspecify.annotations.NullMarked
package dev.quicksilver.ops.grafana;
