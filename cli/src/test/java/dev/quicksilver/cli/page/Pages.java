package dev.quicksilver.cli.page;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.cli.process.NodeStatus;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/** Pages that were written, read by a parser that forgives nothing. */
final class Pages {
  static final Instant NOW = Instant.parse("2027-01-31T12:00:00Z");

  private static final Html HTML = new Html();

  private Pages() {}

  static Overview overview(Statuses status) {
    return Overview.of(status.status(), NOW, new Remembered());
  }

  static Page of(Statuses status) {
    return of(overview(status), Reach.READS, 0);
  }

  static Page of(NodeStatus status) {
    return of(Overview.of(status, NOW, new Remembered()), Reach.READS, 0);
  }

  static Page of(Overview overview, Reach reach, int refresh) {
    return read(HTML.write("overview", "T", refresh, Map.of("page", overview, "reach", reach)));
  }

  static Page of(String template, String name, Object shown) {
    return read(HTML.write(template, "T", 0, Map.of(name, shown)));
  }

  static Page read(byte[] html) {
    String text = new String(html, StandardCharsets.UTF_8);
    assertThat(text).startsWith("<!DOCTYPE html>");
    try {
      DocumentBuilderFactory strict = DocumentBuilderFactory.newInstance();
      strict.setExpandEntityReferences(false);
      return new Page(text, strict.newDocumentBuilder().parse(new ByteArrayInputStream(html)));
    } catch (Exception e) {
      throw new AssertionError(e.getMessage() + " in\n" + text, e);
    }
  }

  /** A page as it is sent, and parsed. */
  record Page(String html, Document document) {
    List<Element> all(String tag) {
      return elements(document.getElementsByTagName(tag));
    }

    /** The rows of the table in a section, as the texts of their cells. */
    List<List<String>> rows(String id) {
      Element section =
          all("section").stream()
              .filter(each -> each.getAttribute("id").equals(id))
              .findFirst()
              .orElseThrow(() -> new AssertionError("there is no section " + id));
      return elements(section.getElementsByTagName("tr")).stream()
          .skip(1)
          .map(row -> children(row).stream().map(cell -> cell.getTextContent().strip()).toList())
          .toList();
    }

    String text() {
      return document.getDocumentElement().getTextContent();
    }

    static List<Element> elements(NodeList nodes) {
      List<Element> result = new ArrayList<>();
      for (int i = 0; i < nodes.getLength(); i++) {
        result.add((Element) nodes.item(i));
      }
      return result;
    }

    static List<Element> children(Element parent) {
      List<Element> result = new ArrayList<>();
      for (Node child = parent.getFirstChild(); child != null; child = child.getNextSibling()) {
        if (child instanceof Element element) {
          result.add(element);
        }
      }
      return result;
    }
  }
}
