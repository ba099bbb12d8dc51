#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "stacks/webhooks/webhook_url.h"
#include "tools/fuzz/input.h"

namespace tallyman::stacks {
namespace {

// A URL from an administrator, an entry of the flag, and the text of an
// address.
void Fuzz(fuzz::Input& input) {
  const absl::StatusOr<WebhookUrl> url = ParseWebhookUrl(input.TakeLine());
  if (!url.ok()) {
    fuzz::CheckClientError(url.status());
    return;
  }
  CHECK(url->port >= 1 && url->port <= 65535);
  CHECK(absl::StartsWith(url->target, "/"));
  // The parts make the same URL again.
  const bool is_v6 = absl::StrContains(url->host, ':');
  const std::string authority = absl::StrCat(is_v6 ? "[" : "", url->host,
                                             is_v6 ? "]" : "", ":", url->port);
  const absl::StatusOr<WebhookUrl> again = ParseWebhookUrl(
      absl::StrCat(url->is_https ? "https://" : "http://", authority, "/"));
  CHECK_OK(again);
  CHECK_EQ(again->host, url->host);
  CHECK_EQ(again->port, url->port);
  // A list of just this host allows it.
  const absl::StatusOr<WebhookHosts> own =
      WebhookHosts::Parse({absl::StrCat("http://", authority)});
  CHECK_OK(own);
  CHECK(own->Allows(*url));
  CHECK(!WebhookHosts().Allows(*url));

  const absl::StatusOr<WebhookHosts> hosts =
      WebhookHosts::Parse({std::string(input.TakeLine())});
  if (!hosts.ok()) {
    fuzz::CheckClientError(hosts.status());
    return;
  }
  const std::optional<std::string> address = CanonicalAddress(input.rest());
  if (!address) return;
  CHECK(CanonicalAddress(*address) == address);
  if (hosts->AllowsAddress(*url, *address) && !IsPublicAddress(*address)) {
    WebhookUrl direct = *url;
    direct.host = *address;
    CHECK(hosts->Allows(direct));
  }
}

}  // namespace
}  // namespace tallyman::stacks

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tallyman::fuzz::Input input(data, size);
  tallyman::stacks::Fuzz(input);
  return 0;
}
