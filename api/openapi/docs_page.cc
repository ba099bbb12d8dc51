#include "api/openapi/docs_page.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/description/common_answers.h"
#include "api/description/operation.h"
#include "api/description/parameter.h"
#include "api/description/schema.h"
#include "api/http/error.h"
#include "api/openapi/api_info.h"
#include "api/openapi/docs_schema.h"
#include "api/openapi/docs_style.h"
#include "api/openapi/error_example.h"
#include "api/openapi/html_text.h"
#include "auth/token.h"

namespace tallyman::api {
namespace {

std::string Code(std::string_view text) {
  return absl::StrCat("<code>", EscapeHtml(text), "</code>");
}

std::string Method(std::string_view method) {
  return absl::StrCat("<span class=\"method ", absl::AsciiStrToLower(method),
                      "\">", EscapeHtml(method), "</span>");
}

// An example as it is written in an address or a header.
std::string PlainExample(const Schema& schema) {
  const Schema& item =
      schema.type == SchemaType::kArray ? *schema.items : schema;
  return std::string(item.example);
}

class DocsWriter {
 public:
  std::string Write(Operations operations, std::string_view version) {
    absl::StrAppend(
        &html_,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">"
        "\n<meta name=\"viewport\" content=\"width=device-width, "
        "initial-scale=1\">\n<title>",
        EscapeHtml(kApiTitle), " API</title>\n<style>", kDocsStyle,
        "</style>\n</head>\n<body>\n<header>\n<h1>", EscapeHtml(kApiTitle),
        " API <span class=\"quiet\">", EscapeHtml(version), "</span></h1>\n<p>",
        ProseToHtml(kApiSummary), "</p>\n");
    for (const std::string_view rule : kApiRules) {
      absl::StrAppend(&html_, "<p>", ProseToHtml(rule), "</p>\n");
    }
    absl::StrAppend(&html_,
                    "<p>For programs: <a href=\"openapi.json\">openapi.json</a>"
                    "</p>\n</header>\n");
    WriteContents(operations);
    absl::StrAppend(&html_, "<main>\n");
    for (const Tag* const tag : TagsOf(operations)) {
      absl::StrAppend(&html_, "<h2>", EscapeHtml(tag->name), "</h2>\n<p>",
                      ProseToHtml(tag->description), "</p>\n");
      for (const Operation* const operation : operations) {
        if (operation->tag == tag) WriteOperation(*operation);
      }
    }
    WriteErrors(ApiFamily::kHost, "Errors below /server");
    WriteErrors(ApiFamily::kStacks, "All other errors");
    absl::StrAppend(&html_, "<h2>Schemas</h2>\n", schemas_.Sections(),
                    "</main>\n</body>\n</html>\n");
    return std::move(html_);
  }

 private:
  void WriteContents(Operations operations) {
    absl::StrAppend(&html_, "<nav aria-label=\"Operations\">\n");
    for (const Tag* const tag : TagsOf(operations)) {
      absl::StrAppend(&html_, "<p><strong>", EscapeHtml(tag->name),
                      "</strong></p>\n<ul>\n");
      for (const Operation* const operation : operations) {
        if (operation->tag != tag) continue;
        absl::StrAppend(&html_, "<li>", Method(operation->method),
                        " <a href=\"#", EscapeHtml(operation->id), "\">",
                        Code(operation->path), "</a> <span class=\"quiet\">",
                        ProseToHtml(operation->summary), "</span></li>\n");
      }
      absl::StrAppend(&html_, "</ul>\n");
    }
    absl::StrAppend(&html_, "</nav>\n");
  }

  void WriteOperation(const Operation& operation) {
    absl::StrAppend(
        &html_, "<section>\n<h3 id=\"", EscapeHtml(operation.id), "\">",
        Method(operation.method), " ", Code(operation.path),
        "</h3>\n<p><strong>", ProseToHtml(operation.summary), ".</strong> ",
        ProseToHtml(operation.description), "</p>\n<p class=\"quiet\">",
        operation.scope
            ? absl::StrCat("Needs a token with the "
                           "scope ",
                           Code(auth::ScopeName(*operation.scope)), ".")
            : "Needs no token.");
    if (IsBelowApi3(operation)) {
      absl::StrAppend(&html_, " Also ",
                      Code(absl::StrCat("/api/3", operation.path)), ".");
    }
    absl::StrAppend(&html_, "</p>\n");
    WriteParameters(operation);
    for (const Content& body : operation.bodies) {
      absl::StrAppend(&html_, "<h4>Body, ", Code(body.media_type),
                      operation.is_body_required ? "" : ", optional", "</h4>\n",
                      schemas_.Table(*body.schema),
                      ExampleBlock(body.media_type, *body.schema));
    }
    for (const Answer& answer : operation.answers) {
      WriteAnswer(operation, answer);
    }
    WriteErrorList(operation);
    absl::StrAppend(&html_, "</section>\n");
  }

  void WriteParameters(const Operation& operation) {
    if (operation.path_parameters.empty() && operation.query.empty() &&
        operation.headers.empty()) {
      return;
    }
    absl::StrAppend(
        &html_,
        "<h4>Parameters</h4>\n<div class=\"wide\"><table><thead>"
        "<tr><th scope=\"col\">Name</th><th scope=\"col\">In</th><th "
        "scope=\"col\">Type</th><th scope=\"col\">Meaning</th>"
        "<th scope=\"col\">Example</th></tr></thead><tbody>\n");
    const auto add = [&](Parameters list, std::string_view in) {
      for (const Parameter* const parameter : list) {
        const Schema& schema = parameter->schema;
        absl::StrAppend(&html_, "<tr><th scope=\"row\">", Code(parameter->name),
                        "</th><td>", in, "</td><td>", schemas_.TypeOf(schema),
                        "</td><td>", ProseToHtml(schema.description));
        if (!schema.default_value.empty()) {
          absl::StrAppend(&html_, " Default: ", Code(schema.default_value));
        }
        absl::StrAppend(&html_, "</td><td>", Code(PlainExample(schema)),
                        "</td></tr>\n");
      }
    };
    add(operation.path_parameters, "path");
    add(operation.query, "query");
    add(operation.headers, "header");
    absl::StrAppend(&html_, "</tbody></table></div>\n");
  }

  void WriteAnswer(const Operation& operation, const Answer& answer) {
    absl::StrAppend(&html_, "<h4>Answer ", answer.status, "</h4>\n<p>",
                    ProseToHtml(answer.description), "</p>\n");
    for (const Content& content : answer.contents) {
      absl::StrAppend(&html_, "<p>", Code(content.media_type), "</p>\n",
                      schemas_.Table(*content.schema),
                      ExampleBlock(content.media_type, *content.schema));
      if (content.api3_schema != nullptr) {
        absl::StrAppend(&html_, "<p>Below ", Code("/api/3"), ":</p>\n",
                        schemas_.Table(*content.api3_schema),
                        ExampleBlock(content.media_type, *content.api3_schema));
      }
    }
    WriteHeaders(operation, answer);
  }

  void WriteHeaders(const Operation& operation, const Answer& answer) {
    absl::StrAppend(&html_,
                    "<details><summary>Headers</summary>\n<div class=\"wide\">"
                    "<table><tbody>\n");
    for (const Header& header : HeadersOf(operation, answer)) {
      absl::StrAppend(
          &html_, "<tr><th scope=\"row\">", Code(header.name),
          header.is_required ? "" : " <span class=\"quiet\">optional</span>",
          "</th><td>", ProseToHtml(header.schema.description), "</td><td>",
          Code(header.schema.example), "</td></tr>\n");
    }
    absl::StrAppend(&html_, "</tbody></table></div>\n</details>\n");
  }

  void WriteErrorList(const Operation& operation) {
    const std::string_view family =
        operation.family == ApiFamily::kHost ? "host" : "stacks";
    absl::StrAppend(&html_, "<p>Errors: ",
                    absl::StrJoin(ErrorsOf(operation), ", ",
                                  [&](std::string* out, ErrorKind error) {
                                    absl::StrAppend(out, "<a href=\"#", family,
                                                    "-", ErrorName(error),
                                                    "\">", HttpStatus(error),
                                                    "</a>");
                                  }),
                    "</p>\n");
  }

  void WriteErrors(ApiFamily family, std::string_view title) {
    const std::string_view id = family == ApiFamily::kHost ? "host" : "stacks";
    absl::StrAppend(
        &html_, "<h2>", EscapeHtml(title), "</h2>\n",
        schemas_.Table(ErrorSchema(family)),
        "<div class=\"wide\"><table><thead><tr><th scope=\"col\">Status</th>"
        "<th scope=\"col\">Meaning</th><th "
        "scope=\"col\">Example</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < ErrorNames().size(); ++i) {
      const auto kind = static_cast<ErrorKind>(i);
      absl::StrAppend(&html_, "<tr><th scope=\"row\" id=\"", id, "-",
                      ErrorName(kind), "\">", HttpStatus(kind), "</th><td>",
                      ProseToHtml(ErrorDescription(kind)), "</td><td>",
                      Code(ErrorExample(family, kind)), "</td></tr>\n");
    }
    absl::StrAppend(&html_, "</tbody></table></div>\n");
  }

  std::string html_;
  DocsSchemas schemas_;
};

}  // namespace

std::string RenderDocsPage(Operations operations, std::string_view version) {
  return DocsWriter().Write(operations, version);
}

}  // namespace tallyman::api
