// Schemas as HTML, for the page of documentation.

#ifndef TALLYMAN_API_OPENAPI_DOCS_SCHEMA_H_
#define TALLYMAN_API_OPENAPI_DOCS_SCHEMA_H_

#include <string>
#include <string_view>
#include <vector>

#include "api/description/schema.h"

namespace tallyman::api {

// Not thread-safe.
class DocsSchemas {
 public:
  // "integer, 1 to 100", "list of <a href=...>Process</a>": the type of a
  // value, with links to named schemas.
  std::string TypeOf(const Schema& schema);

  // The members of an object as a table; of other schemas, their type.
  std::string Table(const Schema& schema);

  // A section for each named schema that the functions above have met, and for
  // those that these refer to.
  std::string Sections();

 private:
  std::vector<const Schema*> named_;  // In the order in which they were met.
};

// The example of `schema` as a block: as it is sent, but with line ends in
// JSON.
std::string ExampleBlock(std::string_view media_type, const Schema& schema);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_OPENAPI_DOCS_SCHEMA_H_
