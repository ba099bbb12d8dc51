#include "server/handlers/change_origin.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "api/http/etag.h"
#include "api/http/http.h"
#include "api/stacks/stack_parameters.h"
#include "platform/base/text.h"
#include "server/routing/router.h"
#include "stacks/model/registry.h"

namespace tallyman::server {
namespace {

constexpr std::string_view kIdempotencyKey = api::kIdempotencyKeyParameter.name;
constexpr auto kMaxIdempotencyKeyBytes =
    static_cast<size_t>(*api::kIdempotencyKeyParameter.schema.max);

bool IsVisible(char c) { return c > ' ' && c < '\x7f'; }

// The value of the header, which may be empty; nullopt if there is none.
std::optional<std::string_view> FindHeader(const api::Request& request,
                                           std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (absl::EqualsIgnoreCase(key, name)) return value;
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<stacks::Origin> ChangeOrigin(
    const RequestContext& context, const std::vector<std::string>& fields) {
  stacks::Origin origin = {.user = std::string(context.user),
                           .now = absl::Now()};
  const std::optional<std::string_view> key =
      FindHeader(context.request, kIdempotencyKey);
  if (!key) return origin;
  if (key->empty() || key->size() > kMaxIdempotencyKeyBytes ||
      !absl::c_all_of(*key, IsVisible)) {
    return absl::InvalidArgumentError(absl::StrCat(
        kIdempotencyKey, ": ", base::Quote(*key), " is not 1 to ",
        kMaxIdempotencyKeyBytes, " visible ASCII characters without spaces"));
  }
  origin.idempotency_key = std::string(*key);
  // The size before each field keeps different lists of fields different.
  std::string text;
  for (const std::string& field : fields) {
    absl::StrAppend(&text, field.size(), ":", field, ";");
  }
  origin.fingerprint = api::ContentHash(text);
  return origin;
}

}  // namespace tallyman::server
