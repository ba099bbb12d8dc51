#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "api/description/operation.h"
#include "api/description/parameter.h"
#include "api/stacks/stacks_envelope.h"
#include "server/routing/router.h"
#include "tools/fuzz/input.h"

namespace tallyman::server {
namespace {

constexpr api::Parameter kUid = {.name = "uid"};
constexpr api::Parameter kName = {.name = "name"};
constexpr const api::Parameter* kStackPath[] = {&kUid};
constexpr const api::Parameter* kProcessPath[] = {&kUid, &kName};

constexpr api::Operation kOperations[] = {
    {.method = "GET", .path = "/server/processes", .family = ApiFamily::kHost},
    {.method = "GET", .path = "/stacks"},
    {.method = "GET", .path = "/stacks/{uid}", .path_parameters = kStackPath},
    {.method = "GET",
     .path = "/stacks/{uid}/processes/{name}",
     .path_parameters = kProcessPath},
    {.method = "GET",
     .path = "/stacks/{uid}/processes/{name}/logs",
     .path_parameters = kProcessPath},
};

const Router& TestRouter() {
  static const Router& router = *[] {
    auto* const made = new Router;
    for (const api::Operation& operation : kOperations) {
      made->Add(operation, /*handler=*/nullptr);
    }
    return made;
  }();
  return router;
}

// A path that leads to `match`, with each byte of its parameters encoded.
std::string PathOf(const RouteMatch& match) {
  std::string path = match.mount == api::Mount::kApi3 ? "/api/3" : "";
  size_t param = 0;
  std::string_view rest = match.resource->Find("GET")->operation->path;
  while (!rest.empty()) {
    const size_t open = rest.find('{');
    absl::StrAppend(&path, rest.substr(0, open));
    if (open == std::string_view::npos) break;
    for (const char byte : match.path_params[param]) {
      absl::StrAppend(
          &path, "%",
          absl::Hex(static_cast<unsigned char>(byte), absl::kZeroPad2));
    }
    ++param;
    rest.remove_prefix(rest.find('}') + 1);
  }
  CHECK_EQ(param, match.path_params.size());
  // The suffix of a parameter at the end would be taken for one of the path.
  return match.resource->family == ApiFamily::kStacks
             ? absl::StrCat(path, ".json")
             : path;
}

void TestPath(std::string_view path) {
  const std::optional<RouteMatch> match = TestRouter().Match(path);
  if (!match) return;
  for (const std::string& param : match->path_params) CHECK(!param.empty());
  const std::string other = PathOf(*match);
  const std::optional<RouteMatch> again = TestRouter().Match(other);
  CHECK(again.has_value()) << other;
  CHECK(again->resource == match->resource) << other;
  CHECK(again->mount == match->mount) << other;
  CHECK(again->path_params == match->path_params) << other;
  if (match->resource->family == ApiFamily::kHost) {
    CHECK(ApiFamilyOfPath(other) == ApiFamily::kHost);
  }
}

}  // namespace
}  // namespace tallyman::server

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tallyman::server::TestPath(tallyman::fuzz::Input(data, size).rest());
  return 0;
}
