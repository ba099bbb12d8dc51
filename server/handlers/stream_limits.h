// The limits of streams that are open at the same time: of one token, and in
// all.
//
//   auto lease = limits.Acquire(token_id);
//   if (auto* const error = std::get_if<api::Error>(&lease)) return *error;
//   ... the stream owns the lease ...

#ifndef TALLYMAN_SERVER_HANDLERS_STREAM_LIMITS_H_
#define TALLYMAN_SERVER_HANDLERS_STREAM_LIMITS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "api/http/error.h"

namespace tallyman::server {

// Thread-safe.
class StreamLimits {
 public:
  struct Options {
    int64_t max_per_token = 0;
    int64_t max_in_all = 0;
    // For messages: what the streams are of, and the flags that set the limits.
    std::string content;
    std::string per_token_flag;
    std::string in_all_flag;
  };

  explicit StreamLimits(Options options)
      : options_(std::move(options)), counts_(std::make_shared<Counts>()) {}

  // Counts a stream until it is destroyed. May outlive the limits.
  class Lease {
   public:
    Lease(Lease&&) = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease();

   private:
    friend class StreamLimits;
    struct Counts;
    Lease(std::shared_ptr<StreamLimits::Lease::Counts> counts, int64_t token_id)
        : counts_(std::move(counts)), token_id_(token_id) {}
    std::shared_ptr<Counts> counts_;  // Null once moved from.
    int64_t token_id_;
  };

  // 429 if the token has too many streams, 503 if the server has.
  std::variant<Lease, api::Error> Acquire(int64_t token_id);

 private:
  using Counts = Lease::Counts;

  const Options options_;
  const std::shared_ptr<Counts> counts_;
};

struct StreamLimits::Lease::Counts {
  absl::Mutex mutex;
  int64_t all ABSL_GUARDED_BY(mutex) = 0;
  // By token; those of 0 are absent.
  absl::flat_hash_map<int64_t, int64_t> by_token ABSL_GUARDED_BY(mutex);
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_STREAM_LIMITS_H_
