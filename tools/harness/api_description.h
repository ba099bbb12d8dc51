// A server's own description of its API (/openapi.json), which tests compare
// with its answers.

#ifndef TALLYMAN_TOOLS_HARNESS_API_DESCRIPTION_H_
#define TALLYMAN_TOOLS_HARNESS_API_DESCRIPTION_H_

#include <string>
#include <string_view>
#include <vector>

#include "nlohmann/json.hpp"
#include "tools/harness/http_connection.h"

namespace tallyman::harness {

// One operation; refers to its description.
struct DescribedOperation {
  std::string path;    // "/stacks/{uid}"
  std::string method;  // "GET"
  const nlohmann::json& json;

  std::string id() const { return json["operationId"]; }
  bool NeedsToken() const { return !json["security"].empty(); }
  // The scope that a token must have.
  std::string Scope() const;
  // The parameters in "path", "query" or "header".
  std::vector<nlohmann::json> ParametersIn(std::string_view place) const;
};

// Immutable.
class ApiDescription {
 public:
  explicit ApiDescription(nlohmann::json document)
      : document_(std::move(document)) {}

  // In the order of the document's paths. They refer to this object.
  std::vector<DescribedOperation> Operations() const;

  // Why `answer` is none that `operation` describes: its status, a header, or
  // the body. "" if it is one. `is_head`: it has no body.
  std::string FindMismatch(const DescribedOperation& operation,
                           const ClientResponse& answer,
                           bool is_head = false) const;

  const nlohmann::json& document() const { return document_; }

 private:
  std::string CheckHeaders(const nlohmann::json& response,
                           const ClientResponse& answer) const;
  std::string CheckBody(const nlohmann::json& response,
                        const ClientResponse& answer) const;

  const nlohmann::json document_;
};

}  // namespace tallyman::harness

#endif  // TALLYMAN_TOOLS_HARNESS_API_DESCRIPTION_H_
