#include "api/stacks/stacks_envelope.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "api/description/parameter.h"
#include "api/description/schema.h"
#include "api/http/error.h"
#include "api/http/params.h"
#include "api/json/json_writer.h"
#include "storage/pagination.h"

namespace tallyman::api {
namespace {

constexpr Field kErrorFields[] = {
    {"error", OneOf(ErrorNames, String("The kind of the error, by its status.",
                                       "bad_request"))},
    {"error_description",
     String("A sentence about the kind.", "The request is malformed.")},
    {"details", OrNull(String("The value that is wrong, its place and a hint.",
                              "page: \"0\" is not an integer from 1 to "
                              "9223372036854775807"))},
};

constexpr Field kPaginationFields[] = {
    {"previous",
     OrNull(Integer("The page before this one; null if there is none.", "null",
                    1))},
    {"next", OrNull(Integer("The page after this one; null if there is none.",
                            "null", 1))},
    {"current", Integer("This page.", "1", 1)},
    {"per_page", Integer("Items in a page.", "30", 1, storage::kMaxPerPage)},
    {"count", Integer("Items in all pages.", "1", 0)},
    {"pages", Integer("Pages; at least 1.", "1", 1)},
};

void WriteOptional(std::optional<int64_t> value, JsonWriter& json) {
  if (value) {
    json.Int(*value);
  } else {
    json.Null();
  }
}

}  // namespace

constexpr Schema kStacksErrorSchema =
    Object("Error", "An error of the stacks family.", kErrorFields);
constexpr Schema kPaginationSchema = Object(
    "Pagination", "The place of a page in its collection.", kPaginationFields);

std::string RenderOne(Mount mount, absl::FunctionRef<void(JsonWriter&)> write) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject();
  json.Key("response");
  if (mount == Mount::kPlain) json.BeginArray();
  write(json);
  if (mount == Mount::kPlain) json.EndArray();
  json.EndObject();
  return out;
}

std::string RenderPage(const storage::PageInfo& page, size_t size,
                       absl::FunctionRef<void(JsonWriter&, size_t)> write,
                       std::string_view key) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject();
  json.Key(key);
  json.BeginArray();
  for (size_t i = 0; i < size; ++i) write(json, i);
  json.EndArray();
  json.Key("count");
  json.Int(static_cast<int64_t>(size));
  json.Key("pagination");
  json.BeginObject();
  json.Key("previous");
  WriteOptional(page.previous, json);
  json.Key("next");
  WriteOptional(page.next, json);
  json.Key("current");
  json.Int(page.current);
  json.Key("per_page");
  json.Int(page.per_page);
  json.Key("count");
  json.Int(page.count);
  json.Key("pages");
  json.Int(page.pages);
  json.EndObject();
  json.EndObject();
  return out;
}

std::string RenderStacksError(const Error& error) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject();
  json.Key("error");
  json.String(ErrorName(error.kind));
  json.Key("error_description");
  json.String(ErrorDescription(error.kind));
  json.Key("details");
  if (error.details.empty()) {
    json.Null();
  } else {
    json.String(error.details);
  }
  json.EndObject();
  return out;
}

absl::StatusOr<storage::PageRequest> ParsePageRequest(const Params& params) {
  storage::PageRequest request;
  const auto page = ReadInteger(params, kPageParameter);
  if (!page.ok()) return page.status();
  const auto per_page = ReadInteger(params, kPerPageParameter);
  if (!per_page.ok()) return per_page.status();
  request.page = page->value_or(request.page);
  request.per_page = per_page->value_or(request.per_page);
  return request;
}

}  // namespace tallyman::api
