#include "auth/sign_in_code.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "auth/clock.h"
#include "auth/secret.h"
#include "auth/token.h"

namespace tallyman::auth {
namespace {

constexpr size_t kCodeSize = 43;  // 32 bytes in base64url.

}  // namespace

SignInCode::SignInCode(int64_t token_id, const Clock& clock, Secret value)
    : token_id_(token_id),
      clock_(clock),
      made_at_(clock.Elapsed()),
      hash_(HashOf(value.Reveal())),
      value_(std::move(value)) {}

absl::StatusOr<std::unique_ptr<SignInCode>> SignInCode::Create(
    int64_t token_id, const Clock& clock) {
  absl::StatusOr<Secret> value = MakeRandomValue(/*prefix=*/"");
  if (!value.ok()) return value.status();
  return absl::WrapUnique(new SignInCode(token_id, clock, *std::move(value)));
}

Secret SignInCode::TakeValue() {
  absl::MutexLock lock(&mutex_);
  return std::exchange(value_, Secret());
}

std::optional<int64_t> SignInCode::Redeem(const Secret& presented) {
  if (presented.size() != kCodeSize) return std::nullopt;
  const bool is_right = HashOf(presented.Reveal()) == hash_;
  absl::MutexLock lock(&mutex_);
  if (!is_right || is_used_ || clock_.Elapsed() - made_at_ >= kLifetime) {
    return std::nullopt;
  }
  is_used_ = true;
  return token_id_;
}

}  // namespace tallyman::auth
