// Sends a streamed body, in chunks (RFC 9112, section 7.1) or as it is.

#ifndef TALLYMAN_SERVER_HTTP_STREAM_SENDER_H_
#define TALLYMAN_SERVER_HTTP_STREAM_SENDER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "api/http/body_stream.h"
#include "server/http/outgoing.h"
#include "server/net/transport.h"

namespace tallyman::server {

// Not thread-safe.
class StreamSender {
 public:
  enum class Result : uint8_t {
    kSent,     // A piece; there may be more.
    kWaits,    // The stream has nothing yet.
    kBlocked,  // The transport takes no more; the rest is in `outgoing`.
    kEnd,      // The whole body is sent.
    kError,    // Of the transport.
  };

  // Takes a body to send. `is_chunked`: the client speaks HTTP/1.1.
  void Set(std::unique_ptr<api::BodyStream> stream, bool is_chunked);

  // Whether there is a body that is not sent.
  bool active() const { return stream_ != nullptr; }

  // See BodyStream::Start().
  void Start(std::function<void()> wake) { stream_->Start(std::move(wake)); }

  // Sends the next piece; `outgoing` has no rest. `buffer` is scratch memory.
  // On kBlocked `blocked_by` says what the transport waits for.
  Result SendPiece(Transport& transport, std::string& buffer,
                   Outgoing& outgoing, Transport::State& blocked_by);

  // Ends the body before the stream does, if the client can take the end now.
  void Finish(Transport& transport, Outgoing& outgoing);

  // Destroys the stream.
  void Reset() { stream_.reset(); }

 private:
  std::unique_ptr<api::BodyStream> stream_;
  bool is_chunked_ = false;
  bool is_ended_ = false;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_STREAM_SENDER_H_
