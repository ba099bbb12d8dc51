// Finds the requests in the bytes of one connection.
//
//   switch (reader.Read(bytes)) {
//     case RequestReader::Result::kHead:
//       ... decide from reader.request(), then Read() again for the body ...
//     case RequestReader::Result::kComplete:
//       ... answer reader.request(), then reader.Reset() ...

#ifndef TALLYMAN_SERVER_HTTP_REQUEST_READER_H_
#define TALLYMAN_SERVER_HTTP_REQUEST_READER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/http/error.h"
#include "api/http/http.h"
#include "server/http/body_budget.h"
#include "server/http/chunked_decoder.h"
#include "server/http/http_head.h"

namespace tallyman::server {

// Not thread-safe. Owns no memory between two requests, except for that of the
// vector of headers.
class RequestReader {
 public:
  enum class Result : uint8_t {
    kIncomplete,  // The request has not arrived in full.
    kHead,        // The head has arrived, and a body is to follow.
    kComplete,    // The request has arrived in full.
    kRefused,     // See error(). No request can follow.
  };

  // `budget` must outlive the reader. A body of more than `max_body_bytes` is
  // refused.
  RequestReader(size_t max_body_bytes, BodyBudget& budget)
      : max_body_bytes_(max_body_bytes), budget_(budget) {}

  // Reads from the front of `bytes`, and removes from it what belongs to a
  // complete head, or to a body. The bytes of an incomplete head stay: the next
  // call has them again, at any address, with more behind.
  Result Read(std::string_view& bytes);

  // After kHead, kComplete and kRefused, and empty before. The head's views
  // point into the bytes given to Read(), until Own().
  const api::Request& request() const { return request_; }
  // The caller sets the fields that are no part of the bytes.
  api::Request& mutable_request() { return request_; }
  const HttpHead& head() const { return head_; }
  const api::Error& error() const { return *error_; }

  // Makes request() independent of the bytes given to Read().
  void Own();

  // Frees the memory of the body, which request() loses.
  void DropBody() {
    request_.body = {};
    body_.reset();
  }

  // Whether the first bytes of a request have arrived.
  bool has_begun() const { return has_begun_; }
  // Whether a head has arrived and its body has not, in full.
  bool reads_body() const { return body_ != nullptr; }

  // Forgets the request, and the memory that it took.
  void Reset();

 private:
  struct Body {
    Body(size_t max_bytes, BodyBudget& budget)
        : chunks(max_bytes), share(budget) {}
    ChunkedDecoder chunks;
    BodyBudget::Share share;
    size_t left = 0;  // With Content-Length.
    std::string text;
  };

  Result ReadHead(std::string_view& bytes);
  Result ReadBody(std::string_view& bytes);
  Result Refuse(api::Error error);
  Result RefuseTooLarge();
  void ClearRequest();

  const size_t max_body_bytes_;
  BodyBudget& budget_;
  bool has_begun_ = false;
  HeadScanner scanner_;
  HttpHead head_;
  api::Request request_;
  std::string_view head_bytes_;       // What the views of request_ point into.
  std::unique_ptr<std::string> own_;  // A copy of it.
  std::unique_ptr<Body> body_;
  std::optional<api::Error> error_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_REQUEST_READER_H_
