// Checks JSON values against the schemas of an OpenAPI 3.1 document: the subset
// of JSON Schema (draft 2020-12) that the server's description uses. A keyword
// outside the subset is a mismatch, so that none is silently ignored.

#ifndef TALLYMAN_TOOLS_HARNESS_JSON_SCHEMA_H_
#define TALLYMAN_TOOLS_HARNESS_JSON_SCHEMA_H_

#include <string>

#include "nlohmann/json.hpp"

namespace tallyman::harness {

// The first mismatch of `value` with `schema`, after the place of the value:
// "/response/0/uid: is not a string". "" if it matches. References are those of
// `document`.
std::string FindMismatch(const nlohmann::json& document,
                         const nlohmann::json& schema,
                         const nlohmann::json& value);

// `node`, or what its "$ref" refers to in `document`, if it has one. Dies
// (CHECK) if that does not exist.
const nlohmann::json& Resolve(const nlohmann::json& document,
                              const nlohmann::json& node);

}  // namespace tallyman::harness

#endif  // TALLYMAN_TOOLS_HARNESS_JSON_SCHEMA_H_
