#include "api/openapi/docs_schema.h"

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/description/schema.h"
#include "api/description/schema_json.h"
#include "api/http/media_type.h"
#include "api/openapi/html_text.h"
#include "nlohmann/json.hpp"

namespace tallyman::api {
namespace {

std::string Range(const Schema& schema, std::string_view unit) {
  std::string text;
  if (schema.min && schema.max) {
    text = *schema.min == *schema.max
               ? absl::StrCat("exactly ", *schema.min)
               : absl::StrCat(*schema.min, " to ", *schema.max);
  } else if (schema.min) {
    text = absl::StrCat("at least ", *schema.min);
  } else if (schema.max) {
    text = absl::StrCat("at most ", *schema.max);
  }
  return text.empty() ? "" : absl::StrCat(", ", text, unit);
}

std::string StringType(const Schema& schema) {
  if (schema.values != nullptr) {
    return absl::StrCat(
        "one of ", absl::StrJoin(schema.values(), ", ",
                                 [](std::string* out, std::string_view value) {
                                   absl::StrAppend(out, "<code>",
                                                   value.empty()
                                                       ? "&quot;&quot;"
                                                       : EscapeHtml(value),
                                                   "</code>");
                                 }));
  }
  std::string type = schema.format == "date-time" ? "time" : "string";
  absl::StrAppend(&type, Range(schema, " characters"));
  if (!schema.pattern.empty()) {
    absl::StrAppend(&type, ", <code>", EscapeHtml(schema.pattern), "</code>");
  }
  return type;
}

}  // namespace

std::string DocsSchemas::TypeOf(const Schema& schema) {
  if (!schema.name.empty()) {
    if (!absl::c_any_of(named_, [&](const Schema* known) {
          return known->name == schema.name;
        })) {
      named_.push_back(&schema);
    }
    const std::string name = EscapeHtml(schema.name);
    return absl::StrCat("<a href=\"#schema-", name, "\">", name, "</a>");
  }
  std::string type;
  switch (schema.type) {
    case SchemaType::kReference:
      return TypeOf(*schema.items);
    case SchemaType::kEither:
      return absl::StrCat(TypeOf(*schema.items), ", or ",
                          TypeOf(*schema.other));
    case SchemaType::kArray:
      type = absl::StrCat("list of ", TypeOf(*schema.items), Range(schema, ""));
      break;
    case SchemaType::kObject:
      type = schema.items == nullptr
                 ? "object"
                 : absl::StrCat("object with values: ", TypeOf(*schema.items));
      break;
    case SchemaType::kInteger:
      type = absl::StrCat("integer", Range(schema, ""));
      break;
    case SchemaType::kNumber:
      type = "number";
      break;
    case SchemaType::kBoolean:
      type = "boolean";
      break;
    case SchemaType::kString:
      type = StringType(schema);
      break;
  }
  return schema.is_nullable ? absl::StrCat(type, ", or null") : type;
}

std::string DocsSchemas::Table(const Schema& schema) {
  if (schema.type == SchemaType::kEither ||
      schema.type == SchemaType::kReference || schema.fields.empty()) {
    return absl::StrCat("<p>", TypeOf(schema), ". ",
                        ProseToHtml(schema.description), "</p>\n");
  }
  std::string html =
      "<div class=\"wide\"><table><thead><tr><th scope=\"col\">Key</th><th "
      "scope=\"col\">Type</th>"
      "<th scope=\"col\">Meaning</th></tr></thead><tbody>\n";
  for (const Field& field : schema.fields) {
    const std::string meaning =
        field.schema.type == SchemaType::kReference &&
                field.schema.description.empty()
            ? ProseToHtml(field.schema.items->description)
            : ProseToHtml(field.schema.description);
    absl::StrAppend(&html, "<tr><th scope=\"row\"><code>",
                    EscapeHtml(field.name), "</code>",
                    field.is_required ? ""
                                      : " <span class=\"quiet\">optional"
                                        "</span>",
                    "</th><td>", TypeOf(field.schema), "</td><td>", meaning);
    if (!field.schema.default_value.empty()) {
      absl::StrAppend(&html, " Default: <code>",
                      EscapeHtml(field.schema.default_value), "</code>");
    }
    absl::StrAppend(&html, "</td></tr>\n");
  }
  return absl::StrCat(html, "</tbody></table></div>\n");
}

std::string DocsSchemas::Sections() {
  std::string html;
  // Table() adds to named_.
  for (size_t i = 0; i < named_.size(); ++i) {
    const Schema& schema = *named_[i];
    absl::StrAppend(&html, "<h3 id=\"schema-", EscapeHtml(schema.name), "\">",
                    EscapeHtml(schema.name), "</h3>\n<p>",
                    ProseToHtml(schema.description), "</p>\n", Table(schema));
  }
  return html;
}

std::string ExampleBlock(std::string_view media_type, const Schema& schema) {
  const nlohmann::ordered_json example = ExampleOf(schema);
  std::string text;
  if (media_type == kFormMediaType) {
    // The examples of forms can be read without encoding.
    text = absl::StrJoin(
        schema.fields, "&", [](std::string* out, const Field& field) {
          absl::StrAppend(out, field.name, "=", field.schema.example);
        });
  } else {
    text = example.is_string() ? example.get<std::string>() : example.dump(2);
  }
  return absl::StrCat("<pre tabindex=\"0\">", EscapeHtml(text), "</pre>\n");
}

}  // namespace tallyman::api
