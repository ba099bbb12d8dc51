#include "server/http/testing/loopback_server.h"

#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "server/http/http_server.h"
#include "server/http/request_handler.h"
#include "server/net/listening_socket.h"

namespace tallyman::server {

class FunctionHandler::FunctionCall : public RequestHandler::Call {
 public:
  FunctionCall(const FunctionHandler& handler, bool is_fast)
      : handler_(handler), is_fast_(is_fast) {}

  bool IsFast() const override { return is_fast_; }
  api::Response Respond(const api::Request& request) override {
    return handler_.functions_.respond(request);
  }
  api::Response Reject(const api::Request& request, api::Error error) override {
    api::Response response = handler_.Reject(request, std::move(error));
    response.AddHeader("Admitted", "yes");
    return response;
  }

 private:
  const FunctionHandler& handler_;
  const bool is_fast_;
};

FunctionHandler::FunctionHandler(Functions functions)
    : functions_(std::move(functions)) {}

RequestHandler::Admission FunctionHandler::Admit(
    const api::Request& head) const {
  if (functions_.admit) {
    if (std::optional<api::Response> refusal = functions_.admit(head)) {
      return *std::move(refusal);
    }
  }
  return std::make_unique<FunctionCall>(
      *this, functions_.is_fast && functions_.is_fast(head));
}

api::Response FunctionHandler::Reject(const api::Request& request,
                                      api::Error error) const {
  if (functions_.reject) return functions_.reject(request, error);
  api::Response response;
  response.status = api::HttpStatus(error.kind);
  response.body = absl::StrCat("rejected ", request.method, " ", request.path,
                               ": ", error.details);
  return response;
}

ListeningSocket ListenOnLoopback() {
  absl::StatusOr<std::vector<ListeningSocket>> sockets =
      ListeningSocket::Open({.host = "127.0.0.1", .port = 0}, {.resolve = {}});
  CHECK_OK(sockets);
  return std::move(sockets->front());
}

LoopbackServer::LoopbackServer(FunctionHandler::Functions functions,
                               HttpServer::Options options, Start start)
    : handler_(std::move(functions)), listening_(ListenOnLoopback()) {
  std::vector<HttpServer::Socket> sockets(1);
  sockets[0].fd = listening_.fd();
  server_ = std::make_unique<HttpServer>(std::move(sockets), handler_,
                                         std::move(options));
  if (start == Start::kNow) Serve();
}

void LoopbackServer::Serve() {
  thread_ = std::thread([this] { server_->Serve(); });
}

void LoopbackServer::Stop() {
  server_->Stop();
  if (thread_.joinable()) thread_.join();
}

}  // namespace tallyman::server
