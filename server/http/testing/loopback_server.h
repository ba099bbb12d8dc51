// An HttpServer on 127.0.0.1 for tests, with functions as its handler.

#ifndef TALLYMAN_SERVER_HTTP_TESTING_LOOPBACK_SERVER_H_
#define TALLYMAN_SERVER_HTTP_TESTING_LOOPBACK_SERVER_H_

#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "api/http/error.h"
#include "api/http/http.h"
#include "server/http/http_server.h"
#include "server/http/request_handler.h"
#include "server/net/listening_socket.h"

namespace tallyman::server {

// Thread-safe if the functions are.
class FunctionHandler : public RequestHandler {
 public:
  struct Functions {
    // Answers a complete request.
    std::function<api::Response(const api::Request&)> respond;
    // Refuses a head, or nullopt. Empty: refuses none.
    std::function<std::optional<api::Response>(const api::Request&)> admit;
    // Empty: the status of the error, and "rejected METHOD PATH: DETAILS".
    std::function<api::Response(const api::Request&, const api::Error&)> reject;
    // Empty: none is fast.
    std::function<bool(const api::Request&)> is_fast;
  };

  explicit FunctionHandler(Functions functions);

  Admission Admit(const api::Request& head) const override;
  api::Response Reject(const api::Request& request,
                       api::Error error) const override;

 private:
  class FunctionCall;
  const Functions functions_;
};

// A listening socket on a free port of 127.0.0.1.
ListeningSocket ListenOnLoopback();

// Serves on a thread until Stop() or its destruction.
class LoopbackServer {
 public:
  // kLater: listens, and serves only after Serve().
  enum class Start { kNow, kLater };
  explicit LoopbackServer(FunctionHandler::Functions functions,
                          HttpServer::Options options = {},
                          Start start = Start::kNow);
  ~LoopbackServer() { Stop(); }
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  int port() const { return listening_.address().port; }
  void Serve();
  // As HttpServer::Stop(): does not wait.
  void RequestStop() { server_->Stop(); }
  // Stops and waits for requests under way.
  void Stop();

 private:
  const FunctionHandler handler_;
  const ListeningSocket listening_;
  std::unique_ptr<HttpServer> server_;
  std::thread thread_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_TESTING_LOOPBACK_SERVER_H_
