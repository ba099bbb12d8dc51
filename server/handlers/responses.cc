#include "server/handlers/responses.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "api/json/json_writer.h"
#include "api/stacks/stacks_envelope.h"
#include "platform/base/text.h"
#include "server/routing/router.h"
#include "storage/pagination.h"

namespace tallyman::server {

api::Response RenderItem(const RequestContext& context,
                         absl::FunctionRef<void(api::JsonWriter&)> write) {
  api::Response response;
  response.body = api::RenderOne(context.mount, write);
  return response;
}

api::Response RenderPage(
    const storage::PageInfo& page,
    absl::FunctionRef<void(api::JsonWriter&, size_t)> write,
    std::string_view key) {
  api::Response response;
  response.body = api::RenderPage(
      page, static_cast<size_t>(page.end - page.begin), write, key);
  return response;
}

HandlerResult RenderItems(
    const RequestContext& context, size_t count,
    absl::FunctionRef<void(api::JsonWriter&, size_t)> write,
    std::string_view key) {
  const absl::StatusOr<storage::PageRequest> request =
      api::ParsePageRequest(context.request.params);
  if (!request.ok()) return api::ErrorFromStatus(request.status());
  const storage::PageInfo page =
      storage::Paginate(*request, static_cast<int64_t>(count));
  return RenderPage(
      page,
      [&](api::JsonWriter& json, size_t i) {
        write(json, static_cast<size_t>(page.begin) + i);
      },
      key);
}

absl::StatusOr<int64_t> ParseItemId(const RequestContext& context,
                                    std::string_view what) {
  const std::string& text = context.path_params[0];
  int64_t id = 0;
  if (!absl::SimpleAtoi(text, &id)) {
    return absl::NotFoundError(
        absl::StrCat("there is no ", what, " ", base::Quote(text)));
  }
  return id;
}

void SetCreated(const RequestContext& context, std::string_view path,
                api::Response& response) {
  response.status = 201;
  response.AddHeader(
      "Location",
      absl::StrCat(context.mount == api::Mount::kApi3 ? "/api/3" : "", path));
}

}  // namespace tallyman::server
