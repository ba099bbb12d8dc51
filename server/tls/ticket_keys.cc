#include "server/tls/ticket_keys.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <chrono>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/synchronization/mutex.h"

namespace tallyman::server {
namespace {

// Null if the system gives no random bytes.
std::shared_ptr<const TicketKey> NewKey() {
  auto key = std::make_shared<TicketKey>();
  if (RAND_bytes(key->name.data(), key->name.size()) != 1 ||
      RAND_priv_bytes(key->cipher_key.data(), key->cipher_key.size()) != 1 ||
      RAND_priv_bytes(key->mac_key.data(), key->mac_key.size()) != 1) {
    return nullptr;
  }
  return key;
}

bool HasName(const TicketKey* key, std::string_view name) {
  return key != nullptr &&
         name ==
             std::string_view(reinterpret_cast<const char*>(key->name.data()),
                              key->name.size());
}

}  // namespace

TicketKey::~TicketKey() {
  OPENSSL_cleanse(cipher_key.data(), cipher_key.size());
  OPENSSL_cleanse(mac_key.data(), mac_key.size());
}

TicketKeys::TicketKeys(Clock clock) : clock_(std::move(clock)) {}

std::shared_ptr<const TicketKey> TicketKeys::Current() {
  const absl::MutexLock lock(&mutex_);
  Rotate();
  return current_;
}

TicketKeys::Found TicketKeys::Find(std::string_view name) {
  const absl::MutexLock lock(&mutex_);
  Rotate();
  if (HasName(current_.get(), name)) {
    return {.key = current_, .is_current = true};
  }
  if (HasName(previous_.get(), name)) return {.key = previous_};
  return {};
}

void TicketKeys::Rotate() {
  const auto now = clock_();
  if (current_ != nullptr && now - begin_ < kRotation) return;
  // `current_` is null at first, and after NewKey() has failed.
  if (current_ != nullptr) previous_ = std::move(current_);
  // Unused for so long that even the last ticket of `previous_` is too old.
  if (now - begin_ >= 2 * kRotation) previous_ = nullptr;
  current_ = NewKey();
  begin_ = now;
}

}  // namespace tallyman::server
