// Responses of the stacks family: one resource, or a page of a collection.

#ifndef TALLYMAN_SERVER_HANDLERS_RESPONSES_H_
#define TALLYMAN_SERVER_HANDLERS_RESPONSES_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "api/http/http.h"
#include "api/json/json_writer.h"
#include "server/routing/router.h"
#include "storage/pagination.h"

namespace tallyman::server {

// One resource, written by `write` in the form of the mount of `context`.
api::Response RenderItem(const RequestContext& context,
                         absl::FunctionRef<void(api::JsonWriter&)> write);

// `page` of a collection, with its items at the key `key`. `write(json, i)`
// writes the i-th item of the page.
api::Response RenderPage(
    const storage::PageInfo& page,
    absl::FunctionRef<void(api::JsonWriter&, size_t)> write,
    std::string_view key = "response");

// The page that the request asks for, of a collection of `count` items. Unlike
// in RenderPage(), `write(json, i)` writes the i-th item of the collection. 400
// if `page` or `per_page` is out of range.
HandlerResult RenderItems(
    const RequestContext& context, size_t count,
    absl::FunctionRef<void(api::JsonWriter&, size_t)> write,
    std::string_view key = "response");

// The id of a resource in the path, an integer; NotFound names what there is
// none of ("token") and what the path has.
absl::StatusOr<int64_t> ParseItemId(const RequestContext& context,
                                    std::string_view what);

// Makes `response` a 201 whose Location is `path` ("/stacks/UID") below the
// mount of `context`.
void SetCreated(const RequestContext& context, std::string_view path,
                api::Response& response);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_RESPONSES_H_
