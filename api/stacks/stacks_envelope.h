// The envelope of the stacks family: {"response":...}, with count and
// pagination for collections; and the format of its errors.

#ifndef TALLYMAN_API_STACKS_STACKS_ENVELOPE_H_
#define TALLYMAN_API_STACKS_STACKS_ENVELOPE_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "api/description/operation.h"
#include "api/description/parameter.h"
#include "api/description/schema.h"
#include "api/http/error.h"
#include "api/http/params.h"
#include "api/json/json_writer.h"
#include "storage/pagination.h"

namespace tallyman::api {

// The two mounts of a resource; they write a single resource differently.
enum class Mount {
  kPlain,  // /tokens, /stacks, ...: a list of one.
  kApi3,   // /api/3/...: the object itself.
};

// The error of the stacks family.
extern const Schema kStacksErrorSchema;

extern const Schema kPaginationSchema;

// The parameters of a page.
inline constexpr Parameter kPageParameter = {
    .name = "page",
    .schema = WithDefault(
        "1",
        Integer("The page, from 1. A page past the end is empty.", "1", 1))};
inline constexpr Parameter kPerPageParameter = {
    .name = "per_page",
    .schema = WithDefault(
        "30", Integer("Items in a page.", "30", 1, storage::kMaxPerPage))};
static_assert(storage::kDefaultPerPage == 30);

// The schemas of RenderOne() in both mounts, and of RenderPage(), with items of
// the schema `Item`.
template <const Schema& Item>
inline constexpr Field kListOfOneFields[] = {
    {"response", ArrayOfOne("The resource, in a list of one.", Item)}};
template <const Schema& Item>
inline constexpr Schema kListOfOneSchema = Object("", "",
                                                  kListOfOneFields<Item>);
template <const Schema& Item>
inline constexpr Field kObjectFields[] = {{"response", Ref(Item)}};
template <const Schema& Item>
inline constexpr Schema kObjectSchema = Object("", "", kObjectFields<Item>);
template <const Schema& Item>
inline constexpr Field kPageFields[] = {
    {"response", Array("The items of this page.", Item)},
    {"count", Integer("The number of items of this page.", "1", 0)},
    {"pagination", Ref(kPaginationSchema)}};
template <const Schema& Item>
inline constexpr Schema kPageSchema = Object("", "", kPageFields<Item>);

// Contents of answers: one resource, and a page.
template <const Schema& Item>
inline constexpr Content kOneContent[] = {
    {.schema = &kListOfOneSchema<Item>, .api3_schema = &kObjectSchema<Item>}};
template <const Schema& Item>
inline constexpr Content kPageContent[] = {{.schema = &kPageSchema<Item>}};

// A single resource, which `write` writes.
std::string RenderOne(Mount mount, absl::FunctionRef<void(JsonWriter&)> write);

// One page of a collection. `write(json, i)` writes the i-th of the `size`
// items of the page, which are at the key `key`.
std::string RenderPage(const storage::PageInfo& page, size_t size,
                       absl::FunctionRef<void(JsonWriter&, size_t)> write,
                       std::string_view key = "response");

// {"error":...,"error_description":...,"details":...}; details is null if the
// error has none.
std::string RenderStacksError(const Error& error);

// Reads `page` and `per_page`. InvalidArgument names the one that is out of
// range.
absl::StatusOr<storage::PageRequest> ParsePageRequest(const Params& params);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_STACKS_STACKS_ENVELOPE_H_
