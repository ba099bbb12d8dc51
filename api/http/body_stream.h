// A response body that is made while it is sent, such as a log that grows.

#ifndef TALLYMAN_API_HTTP_BODY_STREAM_H_
#define TALLYMAN_API_HTTP_BODY_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace tallyman::api {

// The source of a response body. The transport asks for bytes only when the
// client can take them, so a source needs no buffer for slow clients and no
// thread. One thread at a time calls a source, not always the same one.
//
//   stream.Start(wake);
//   while (stream.Read(max, out) == State::kOpen) {
//     ... send `out`; if it is empty, wait until `wake` is called ...
//   }
//   ... send `out`; the body is complete ...
class BodyStream {
 public:
  enum class State : uint8_t {
    kOpen,  // More bytes may follow.
    kEnd,   // The body ends after these bytes.
  };

  BodyStream() = default;
  // Destroyed when the body is sent, or when its connection ends before.
  virtual ~BodyStream() = default;
  BodyStream(const BodyStream&) = delete;
  BodyStream& operator=(const BodyStream&) = delete;

  // Called once, before the first Read(). The stream calls `wake` when Read()
  // has bytes again, or the end, after it had none. `wake` is thread-safe,
  // cheap, does not call the stream, and may be called too often and after the
  // destruction of the stream.
  virtual void Start(std::function<void()> wake) = 0;

  // Appends the next bytes, about `max_bytes` at most, to `out`; none if there
  // are none yet. Does not block on anything slow. Must not throw. Not called
  // again after kEnd.
  virtual State Read(size_t max_bytes, std::string& out) = 0;
};

}  // namespace tallyman::api

#endif  // TALLYMAN_API_HTTP_BODY_STREAM_H_
