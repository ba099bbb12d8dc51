#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "auth/secret.h"
#include "auth/token.h"
#include "tools/fuzz/input.h"

namespace tallyman::auth {
namespace {

constexpr absl::Time kNow = absl::FromUnixSeconds(1795306209);

void TestSpec(fuzz::Input& input) {
  TokenSpec spec = {.name = std::string(input.TakeLine())};
  const std::vector<std::string> names =
      absl::StrSplit(input.TakeLine(), ',', absl::SkipEmpty());
  const absl::StatusOr<ScopeSet> scopes = ParseScopes(names);
  if (!scopes.ok()) {
    fuzz::CheckClientError(scopes.status());
    return;
  }
  for (const std::string_view name : scopes->Names()) {
    const absl::StatusOr<ScopeSet> one = ParseScopes({std::string(name)});
    CHECK_OK(one);
    CHECK_EQ(one->Names().size(), 1u);
    CHECK_EQ(one->Names()[0], name);
  }
  CHECK_EQ(scopes->empty(), names.empty());
  spec.scopes = *scopes;
  spec.expires_at = absl::FromUnixMillis(input.TakeInteger());
  spec.hourly_limit = input.TakeInteger();
  spec.daily_limit = input.TakeInteger();
  if (const absl::Status valid = Validate(spec, kNow); !valid.ok()) {
    fuzz::CheckClientError(valid);
    return;
  }
  // A name is fit for a line of the log.
  fuzz::CheckMessage(spec.name);
  CHECK_LE(spec.name.size(), 4 * kMaxTokenNameChars);
  CHECK_GT(*spec.expires_at, kNow);
  CHECK_GE(spec.hourly_limit, 1);
  CHECK_LE(spec.hourly_limit, kMaxRequestLimit);
  CHECK_GE(spec.daily_limit, 0);
  CHECK_LE(spec.daily_limit, kMaxRequestLimit);
}

void TestHash(std::string_view bytes) {
  const TokenHash hash = HashOf(bytes);
  std::array<unsigned char, EVP_MAX_MD_SIZE> expected;
  unsigned int size = 0;
  CHECK_EQ(EVP_Digest(bytes.data(), bytes.size(), expected.data(), &size,
                      EVP_sha256(), nullptr),
           1);
  CHECK_EQ(
      hash.bytes(),
      std::string_view(reinterpret_cast<const char*>(expected.data()), size));
  const absl::StatusOr<TokenHash> same = TokenHash::FromBytes(hash.bytes());
  CHECK_OK(same);
  CHECK(*same == hash);
  const absl::StatusOr<TokenHash> read = TokenHash::FromBytes(bytes);
  CHECK_EQ(read.ok(), bytes.size() == TokenHash::kSize);
  if (read.ok()) CHECK_EQ(read->bytes(), bytes);
}

void TestSecret(std::string_view bytes) {
  const Secret secret(bytes);
  CHECK_EQ(secret.Reveal(), bytes);
  CHECK(secret == Secret(bytes));
  CHECK(!(secret == Secret(std::string(bytes) + "x")));
}

}  // namespace
}  // namespace tallyman::auth

// Lines with a name, scopes separated by commas, a Unix time in milliseconds,
// and two limits; then the value of a token.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tallyman::fuzz::Input input(data, size);
  tallyman::auth::TestSpec(input);
  tallyman::auth::TestHash(input.rest());
  tallyman::auth::TestSecret(input.rest());
  return 0;
}
