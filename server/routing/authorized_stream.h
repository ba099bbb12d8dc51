// A streamed body that ends when the token of its request is revoked or
// expires, and is counted while it lasts.

#ifndef TALLYMAN_SERVER_ROUTING_AUTHORIZED_STREAM_H_
#define TALLYMAN_SERVER_ROUTING_AUTHORIZED_STREAM_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "api/http/body_stream.h"
#include "auth/authenticator.h"
#include "server/metrics/request_metrics.h"

namespace tallyman::server {

// Passes on the bytes of another stream. Looks at the token before each read,
// so a stream without bytes ends with its next event or sign of life.
class AuthorizedStream final : public api::BodyStream {
 public:
  // `authenticator` and `metrics`, which may be null, must outlive the stream.
  AuthorizedStream(std::unique_ptr<api::BodyStream> stream,
                   auth::Principal principal,
                   const auth::Authenticator& authenticator,
                   RequestMetrics* metrics)
      : stream_(std::move(stream)),
        principal_(std::move(principal)),
        authenticator_(authenticator),
        count_(metrics) {}

  void Start(std::function<void()> wake) override {
    stream_->Start(std::move(wake));
  }
  State Read(size_t max_bytes, std::string& out) override {
    if (!authenticator_.IsStillValid(principal_)) return State::kEnd;
    return stream_->Read(max_bytes, out);
  }

 private:
  const std::unique_ptr<api::BodyStream> stream_;
  const auth::Principal principal_;
  const auth::Authenticator& authenticator_;
  const RequestMetrics::Stream count_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_ROUTING_AUTHORIZED_STREAM_H_
