#include "api/stacks/stacks_envelope.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "api/http/error.h"
#include "api/http/params.h"
#include "api/json/json_writer.h"
#include "platform/base/text.h"
#include "storage/pagination.h"

namespace tallyman::api {
namespace {

void WriteOptional(std::optional<int64_t> value, JsonWriter& json) {
  if (value) {
    json.Int(*value);
  } else {
    json.Null();
  }
}

}  // namespace

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
                       absl::FunctionRef<void(JsonWriter&, size_t)> write) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject();
  json.Key("response");
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
  auto page = params.GetInteger("page", 1);
  if (!page.ok()) return page.status();
  if (*page) request.page = **page;
  auto per_page = params.GetInteger("per_page", 1);
  if (!per_page.ok() || (*per_page && **per_page > storage::kMaxPerPage)) {
    return absl::InvalidArgumentError(
        absl::StrCat("per_page: ", base::Quote(*params.Get("per_page")),
                     " is not an integer from 1 to ", storage::kMaxPerPage));
  }
  if (*per_page) request.per_page = **per_page;
  return request;
}

}  // namespace tallyman::api
