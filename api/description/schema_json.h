// Schemas as JSON Schema (draft 2020-12, as OpenAPI 3.1 takes it), and examples
// of values.

#ifndef TALLYMAN_API_DESCRIPTION_SCHEMA_JSON_H_
#define TALLYMAN_API_DESCRIPTION_SCHEMA_JSON_H_

#include <string_view>

#include "api/description/schema.h"
#include "nlohmann/json.hpp"

namespace tallyman::api {

// Keeps named schemas once, and refers to them. Not thread-safe.
class SchemaWriter {
 public:
  // `schema` as JSON: a reference if it has a name.
  nlohmann::ordered_json Write(const Schema& schema);

  // The named schemas that Write() has met, by name.
  const nlohmann::ordered_json& named() const { return named_; }

 private:
  nlohmann::ordered_json WriteHere(const Schema& schema);
  void WriteObject(const Schema& schema, nlohmann::ordered_json& json);

  nlohmann::ordered_json named_ = nlohmann::ordered_json::object();
};

// A value of `schema`, made of the examples of its parts.
nlohmann::ordered_json ExampleOf(const Schema& schema);

// `text`, an example or a default of `schema`, as a value.
nlohmann::ordered_json ValueOf(const Schema& schema, std::string_view text);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_DESCRIPTION_SCHEMA_JSON_H_
