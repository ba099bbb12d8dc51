#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/json/json_writer.h"
#include "api/tokens/token_json.h"
#include "auth/secret.h"
#include "auth/token.h"
#include "nlohmann/json.hpp"
#include "tools/fuzz/input.h"

namespace tallyman::api {
namespace {

// 2026-11-22T00:10:09Z.
constexpr absl::Time kNow = absl::FromUnixSeconds(1795306209);

std::string Write(const auth::TokenSpec& spec, const auth::Secret* value) {
  std::string out;
  JsonWriter json(out);
  WriteToken({.id = 1,
              .name = spec.name,
              .scopes = spec.scopes,
              .created_at = kNow,
              .expires_at = spec.expires_at,
              .hourly_limit = spec.hourly_limit,
              .daily_limit = spec.daily_limit},
             value, json);
  return out;
}

// A valid token reads as it was written.
void TestToken(const auth::TokenSpec& spec) {
  const std::string written = Write(spec, nullptr);
  nlohmann::json json = nlohmann::json::parse(written);
  for (const char* const key : {"id", "created_at", "revoked_at"}) {
    json.erase(key);
  }
  const absl::StatusOr<auth::TokenSpec> again = ParseTokenSpec(json.dump());
  CHECK_OK(again);
  CHECK_OK(auth::Validate(*again, kNow));
  CHECK_EQ(Write(*again, nullptr), written);

  CHECK(!json.contains("token"));
  const auth::Secret secret("tly_value");
  CHECK_EQ(nlohmann::json::parse(Write(spec, &secret))["token"], "tly_value");
}

void TestTokenSpec(std::string_view body) {
  const absl::StatusOr<auth::TokenSpec> spec = ParseTokenSpec(body);
  if (!spec.ok()) {
    fuzz::CheckClientError(spec.status());
    return;
  }
  const absl::Status valid = auth::Validate(*spec, kNow);
  if (valid.ok()) {
    TestToken(*spec);
  } else {
    fuzz::CheckClientError(valid);
  }
}

}  // namespace
}  // namespace tallyman::api

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tallyman::api::TestTokenSpec(tallyman::fuzz::Input(data, size).rest());
  return 0;
}
