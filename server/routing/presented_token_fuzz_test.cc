// The Authorization header and the parameter `token`.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/log/check.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "api/http/http.h"
#include "api/http/params.h"
#include "auth/secret.h"
#include "server/routing/presented_token.h"
#include "server/routing/router.h"
#include "tools/fuzz/input.h"

namespace tallyman::server {
namespace {

void TestToken(std::string_view header, std::string_view query) {
  api::Request request;
  request.params = api::Params::Parse(query);
  const auth::Secret in_query(request.params.Get("token").value_or(""));
  CHECK(PresentedToken(request, ApiFamily::kHost) == in_query);
  CHECK(PresentedToken(request, ApiFamily::kStacks).empty());

  request.headers.emplace_back("AUTHORIZATION", header);
  const auth::Secret token = PresentedToken(request, ApiFamily::kStacks);
  CHECK(absl::EndsWith(absl::StripTrailingAsciiWhitespace(header),
                       token.Reveal()));
  CHECK_EQ(absl::StripAsciiWhitespace(token.Reveal()), token.Reveal());
  const bool is_bearer = absl::StartsWithIgnoreCase(header, "bearer ");
  if (!is_bearer) CHECK(token.empty());
  // The header wins, also an empty one.
  CHECK(PresentedToken(request, ApiFamily::kHost) ==
        (is_bearer ? token : in_query));
}

}  // namespace
}  // namespace tallyman::server

// A line with the header's value; then a query.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tallyman::fuzz::Input input(data, size);
  const std::string_view header = input.TakeLine();
  tallyman::server::TestToken(header, input.rest());
  return 0;
}
