// The body of POST /session.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "api/sessions/session_json.h"
#include "nlohmann/json.hpp"
#include "tools/fuzz/input.h"

namespace tallyman::api {
namespace {

void TestSignIn(std::string_view body) {
  const absl::StatusOr<SignIn> sign_in = ParseSignIn(body);
  if (!sign_in.ok()) {
    fuzz::CheckClientError(sign_in.status());
    return;
  }
  CHECK_NE(sign_in->token.has_value(), sign_in->code.has_value());
  const nlohmann::json json = nlohmann::json::parse(body);
  CHECK_EQ(json.size(), 1u);
  if (sign_in->token) {
    CHECK_EQ(json["token"].get<std::string>(), sign_in->token->Reveal());
  } else {
    CHECK_EQ(json["code"].get<std::string>(), sign_in->code->Reveal());
  }
}

}  // namespace
}  // namespace tallyman::api

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tallyman::api::TestSignIn(tallyman::fuzz::Input(data, size).rest());
  return 0;
}
