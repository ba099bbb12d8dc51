#include "api/openapi/openapi.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"
#include "api/description/common_answers.h"
#include "api/description/operation.h"
#include "api/description/parameter.h"
#include "api/description/schema.h"
#include "api/description/schema_json.h"
#include "api/http/error.h"
#include "api/openapi/api_info.h"
#include "api/openapi/error_example.h"
#include "api/stacks/stacks_envelope.h"
#include "auth/token.h"
#include "nlohmann/json.hpp"

namespace tallyman::api {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kBearerScheme = "bearer";
constexpr std::string_view kSessionScheme = "session";

Json Reference(std::string_view kind, std::string_view name) {
  return Json::object(
      {{"$ref", absl::StrCat("#/components/", kind, "/", name)}});
}

// "BadRequest" for "bad_request".
std::string CamelCase(std::string_view name) {
  std::string text;
  for (const std::string_view word : absl::StrSplit(name, '_')) {
    text.push_back(absl::ascii_toupper(word[0]));
    absl::StrAppend(&text, word.substr(1));
  }
  return text;
}

class OpenApiWriter {
 public:
  // Adds the operation at its path in `mount`.
  void Add(const Operation& operation, Mount mount) {
    const bool is_api3 = mount == Mount::kApi3;
    Json json = {
        {"operationId", absl::StrCat(operation.id, is_api3 ? "V3" : "")},
        {"summary", operation.summary}};
    if (!operation.description.empty()) {
      json["description"] = operation.description;
    }
    if (operation.tag != nullptr) {
      json["tags"] = Json::array({operation.tag->name});
    }
    json["security"] = Security(operation);
    AddParameters(operation, json);
    if (!operation.bodies.empty()) {
      json["requestBody"] = {{"required", operation.is_body_required},
                             {"content", Contents(operation.bodies, mount)}};
    }
    json["responses"] = Responses(operation, mount);
    const std::string path =
        absl::StrCat(is_api3 ? "/api/3" : "", operation.path);
    paths_[path][absl::AsciiStrToLower(operation.method)] = std::move(json);
  }

  Json Finish(Operations operations, std::string_view version) && {
    Json tags = Json::array();
    for (const Tag* const tag : TagsOf(operations)) {
      tags.push_back({{"name", tag->name}, {"description", tag->description}});
    }
    Json servers = Json::array();
    servers.push_back({{"url", "/"}, {"description", "This server."}});
    return {{"openapi", "3.1.0"},
            {"info",
             {{"title", kApiTitle},
              {"summary", kApiSummary},
              {"description", absl::StrJoin(kApiRules, "\n\n")},
              {"license", {{"name", kLicence}, {"identifier", kLicence}}},
              {"version", version}}},
            {"servers", std::move(servers)},
            {"tags", std::move(tags)},
            {"paths", std::move(paths_)},
            {"components",
             {{"schemas", schemas_.named()},
              {"responses", std::move(responses_)},
              {"headers", std::move(headers_)},
              {"securitySchemes", SecuritySchemes()}}}};
  }

 private:
  static Json SecuritySchemes() {
    return {{kBearerScheme,
             {{"type", "http"},
              {"scheme", "bearer"},
              {"description", "A token: `Authorization: Bearer TOKEN`."}}},
            {kSessionScheme,
             {{"type", "apiKey"},
              {"in", "header"},
              {"name", "X-Tallyman-Session"},
              {"description",
               "The key of a session, together with the cookie that `POST "
               "/session` sets; for the pages of this server."}}},
            {kTokenParameter.name,
             {{"type", "apiKey"},
              {"in", "query"},
              {"name", kTokenParameter.name},
              {"description", kTokenParameter.schema.description}}}};
  }

  static Json Security(const Operation& operation) {
    if (!operation.scope) return Json::array();
    const Json scopes = Json::array({auth::ScopeName(*operation.scope)});
    Json security = Json::array();
    security.push_back(Json::object({{kBearerScheme, scopes}}));
    if (operation.family == ApiFamily::kHost) {
      security.push_back(Json::object({{kTokenParameter.name, scopes}}));
    }
    security.push_back(Json::object({{kSessionScheme, scopes}}));
    return security;
  }

  void AddParameters(const Operation& operation, Json& json) {
    Json parameters = Json::array();
    const auto add = [&](Parameters list, std::string_view in) {
      for (const Parameter* const parameter : list) {
        parameters.push_back(WriteParameter(*parameter, in));
      }
    };
    add(operation.path_parameters, "path");
    add(operation.query, "query");
    add(operation.headers, "header");
    if (!parameters.empty()) json["parameters"] = std::move(parameters);
  }

  Json WriteParameter(const Parameter& parameter, std::string_view in) {
    Schema schema = parameter.schema;
    schema.description = {};
    Json json = {{"name", parameter.name},
                 {"in", in},
                 {"description", parameter.schema.description}};
    if (in == "path") json["required"] = true;
    if (schema.type == SchemaType::kArray) {
      json["style"] = "form";  // With commas.
      json["explode"] = false;
    }
    json["schema"] = schemas_.Write(schema);
    json["example"] = ExampleOf(schema);
    return json;
  }

  Json Contents(absl::Span<const Content> contents, Mount mount) {
    Json json = Json::object();
    for (const Content& content : contents) {
      const Schema& schema =
          mount == Mount::kApi3 && content.api3_schema != nullptr
              ? *content.api3_schema
              : *content.schema;
      json[std::string(content.media_type)] = {
          {"schema", schemas_.Write(schema)}, {"example", ExampleOf(schema)}};
    }
    return json;
  }

  Json Responses(const Operation& operation, Mount mount) {
    Json json = Json::object();
    for (const Answer& answer : operation.answers) {
      Json response = {{"description", answer.description},
                       {"headers", WriteHeaders(HeadersOf(operation, answer))}};
      if (!answer.contents.empty()) {
        response["content"] = Contents(answer.contents, mount);
      }
      json[absl::StrCat(answer.status)] = std::move(response);
    }
    for (const ErrorKind error : ErrorsOf(operation)) {
      json[absl::StrCat(HttpStatus(error))] =
          ErrorResponse(operation.family, error);
    }
    return json;
  }

  Json ErrorResponse(ApiFamily family, ErrorKind error) {
    const std::string name =
        absl::StrCat(family == ApiFamily::kHost ? "Host" : "Stacks",
                     CamelCase(ErrorName(error)));
    if (!responses_.contains(name)) {
      responses_[name] = {
          {"description", ErrorDescription(error)},
          {"headers", WriteHeaders(HeadersOf(family, error))},
          {"content",
           Json::object(
               {{"application/json",
                 {{"schema", schemas_.Write(ErrorSchema(family, error))},
                  {"example", Json::parse(ErrorExample(family, error))}}}})}};
    }
    return Reference("responses", name);
  }

  Json WriteHeaders(const std::vector<Header>& headers) {
    Json json = Json::object();
    for (const Header& header : headers) {
      const std::string key =
          absl::StrCat(header.name, header.is_required ? "" : ".optional");
      if (!headers_.contains(key)) {
        Schema schema = header.schema;
        schema.description = {};
        headers_[key] = {{"description", header.schema.description},
                         {"required", header.is_required},
                         {"schema", schemas_.Write(schema)},
                         {"example", ExampleOf(schema)}};
      }
      json[std::string(header.name)] = Reference("headers", key);
    }
    return json;
  }

  SchemaWriter schemas_;
  Json paths_ = Json::object();
  Json responses_ = Json::object();
  Json headers_ = Json::object();
};

}  // namespace

std::string RenderOpenApi(Operations operations, std::string_view version) {
  OpenApiWriter writer;
  for (const Operation* const operation : operations) {
    writer.Add(*operation, Mount::kPlain);
  }
  for (const Operation* const operation : operations) {
    if (IsBelowApi3(*operation)) writer.Add(*operation, Mount::kApi3);
  }
  return std::move(writer).Finish(operations, version).dump();
}

}  // namespace tallyman::api
