// The keys that encrypt session tickets.

#ifndef TALLYMAN_SERVER_TLS_TICKET_KEYS_H_
#define TALLYMAN_SERVER_TLS_TICKET_KEYS_H_

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace tallyman::server {

// Erased when destroyed.
struct TicketKey {
  TicketKey() = default;
  ~TicketKey();
  TicketKey(const TicketKey&) = delete;
  TicketKey& operator=(const TicketKey&) = delete;

  std::array<uint8_t, 16> name;        // Public: tickets begin with it.
  std::array<uint8_t, 32> cipher_key;  // AES-256.
  std::array<uint8_t, 32> mac_key;     // HMAC-SHA256.
};

// Random keys in memory, which nothing stores. A key encrypts tickets for
// kRotation and decrypts them for another kRotation, the life of a ticket. So
// any ticket works for its whole life, and who learns the keys of this process
// can read recorded TLS 1.2 connections of at most the last two kRotation (RFC
// 5077, section 5.5). Keys are renewed when used. Thread-safe.
class TicketKeys {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;

  static constexpr std::chrono::hours kRotation{2};

  explicit TicketKeys(Clock clock = std::chrono::steady_clock::now);
  TicketKeys(const TicketKeys&) = delete;
  TicketKeys& operator=(const TicketKeys&) = delete;

  // The key for new tickets. Null if the system gives no random bytes.
  std::shared_ptr<const TicketKey> Current();

  struct Found {
    std::shared_ptr<const TicketKey> key;  // Null: unknown or too old.
    bool is_current = false;  // If false, the ticket should be renewed.
  };

  // The key with a name.
  Found Find(std::string_view name);

 private:
  void Rotate() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Clock clock_;
  absl::Mutex mutex_;
  std::shared_ptr<const TicketKey> current_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const TicketKey> previous_ ABSL_GUARDED_BY(mutex_);
  // When `current_` began.
  std::chrono::steady_clock::time_point begin_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_TLS_TICKET_KEYS_H_
