#include "tools/harness/api_description.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "tools/harness/http_connection.h"
#include "tools/harness/json_schema.h"

namespace tallyman::harness {
namespace {

using Json = nlohmann::json;

// Headers of HTTP itself, which a description does not list.
constexpr std::string_view kTransportHeaders[] = {
    "Date",       "Content-Type", "Content-Length",
    "Connection", "Keep-Alive",   "Transfer-Encoding"};

// The text of a header as a value.
Json HeaderValue(const Json& schema, const std::string& text) {
  int64_t number = 0;
  if (schema.value("type", "") == "integer" &&
      absl::SimpleAtoi(text, &number)) {
    return number;
  }
  return text;
}

}  // namespace

std::string DescribedOperation::Scope() const {
  return NeedsToken() ? json["security"][0].begin().value()[0] : "";
}

std::vector<Json> DescribedOperation::ParametersIn(
    std::string_view place) const {
  std::vector<Json> found;
  for (const Json& parameter : json.value("parameters", Json::array())) {
    if (parameter["in"] == place) found.push_back(parameter);
  }
  return found;
}

std::vector<DescribedOperation> ApiDescription::Operations() const {
  std::vector<DescribedOperation> operations;
  for (const auto& [path, methods] : document_["paths"].items()) {
    for (const auto& [method, json] : methods.items()) {
      operations.push_back({.path = path,
                            .method = absl::AsciiStrToUpper(method),
                            .json = json});
    }
  }
  return operations;
}

std::string ApiDescription::FindMismatch(const DescribedOperation& operation,
                                         const ClientResponse& answer,
                                         bool is_head) const {
  const Json& responses = operation.json["responses"];
  const auto found = responses.find(absl::StrCat(answer.status));
  if (found == responses.end()) {
    return absl::StrCat("the status ", answer.status,
                        " is not described: ", answer.body);
  }
  const Json& response = Resolve(document_, *found);
  std::string mismatch = CheckHeaders(response, answer);
  if (mismatch.empty() && !is_head) mismatch = CheckBody(response, answer);
  return mismatch.empty()
             ? ""
             : absl::StrCat(answer.status, ": ", mismatch, "\n", answer.body);
}

std::string ApiDescription::CheckHeaders(const Json& response,
                                         const ClientResponse& answer) const {
  const Json headers = response.value("headers", Json::object());
  for (const auto& [name, reference] : headers.items()) {
    const Json& header = Resolve(document_, reference);
    const std::string text = answer.Header(name);
    if (text.empty()) {
      if (header.value("required", false)) {
        return absl::StrCat("the header ", name, " is missing");
      }
      continue;
    }
    std::string mismatch = harness::FindMismatch(
        document_, header["schema"], HeaderValue(header["schema"], text));
    if (!mismatch.empty()) {
      return absl::StrCat("the header ", name, mismatch);
    }
  }
  for (const auto& [name, value] : answer.headers) {
    const auto is_name = [&name = name](std::string_view known) {
      return absl::EqualsIgnoreCase(known, name);
    };
    if (absl::c_any_of(kTransportHeaders, is_name)) continue;
    bool is_described = false;
    for (const auto& [known, header] : headers.items()) {
      is_described = is_described || is_name(known);
    }
    if (!is_described) {
      return absl::StrCat("the header ", name, " is not described");
    }
  }
  return "";
}

std::string ApiDescription::CheckBody(const Json& response,
                                      const ClientResponse& answer) const {
  const auto contents = response.find("content");
  if (contents == response.end()) {
    return answer.body.empty() ? "" : "has a body, which is not described";
  }
  std::string type = answer.Header("Content-Type");
  type = type.substr(0, type.find(';'));
  const auto content = contents->find(type);
  if (content == contents->end()) {
    return absl::StrCat("the type \"", type, "\" is not described");
  }
  const Json& schema = (*content)["schema"];
  if (type != "application/json") {
    return harness::FindMismatch(document_, schema, answer.body);
  }
  const Json body =
      Json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
  if (body.is_discarded()) return "the body is not JSON";
  return harness::FindMismatch(document_, schema, body);
}

}  // namespace tallyman::harness
