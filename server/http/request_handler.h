// What an HTTP server does with requests, as seen by its connections.

#ifndef TALLYMAN_SERVER_HTTP_REQUEST_HANDLER_H_
#define TALLYMAN_SERVER_HTTP_REQUEST_HANDLER_H_

#include <memory>
#include <variant>

#include "api/http/error.h"
#include "api/http/http.h"

namespace tallyman::server {

// Answers requests in two steps, so that the body of a request that nobody may
// send is never read. Must be thread-safe. An exception becomes an answer of
// api::ErrorKind::kInternal.
class RequestHandler {
 public:
  // A request whose head was admitted. Holds no view of the head.
  class Call {
   public:
    Call() = default;
    virtual ~Call() = default;
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

    // Whether Respond() takes microseconds and never blocks. Such a call runs
    // on the thread that waits for all connections, others on a thread of their
    // own.
    virtual bool IsFast() const = 0;

    // Answers; called once. `request` is the admitted one, now with its body.
    virtual api::Response Respond(const api::Request& request) = 0;

    // Renders the answer in place of Respond(): the body did not arrive, or the
    // server cannot answer now.
    virtual api::Response Reject(const api::Request& request,
                                 api::Error error) = 0;
  };

  using Admission = std::variant<std::unique_ptr<Call>, api::Response>;

  RequestHandler() = default;
  virtual ~RequestHandler() = default;
  RequestHandler(const RequestHandler&) = delete;
  RequestHandler& operator=(const RequestHandler&) = delete;

  // Checks all that needs no body: address, method, token, limits. A Response
  // refuses the request. `head` has an empty body. Fast and without blocking.
  virtual Admission Admit(const api::Request& head) const = 0;

  // Renders the answer to a request that was not admitted because it is not
  // well-formed, too large or the like; `request` has the fields that could be
  // read.
  virtual api::Response Reject(const api::Request& request,
                               api::Error error) const = 0;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_REQUEST_HANDLER_H_
