#include "server/http_server.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/connection_socket.h"
#include "server/http_connection.h"
#include "server/http_engine.h"
#include "server/idle_connections.h"
#include "server/listen_address.h"

namespace tallyman::server {
namespace {

// The headers of a request have to be there within as many io timeouts.
constexpr int kHeadTimeouts = 3;

}  // namespace

class HttpServer::Impl {
 public:
  Impl(const Options& options, Handler handler, Rejecter rejecter)
      : options_(options),
        handler_(std::move(handler)),
        rejecter_(std::move(rejecter)),
        engine_(
            {.handler = handler_,
             .rejecter = rejecter_,
             .idle = idle_,
             .max_body_bytes = options.max_body_bytes,
             .max_connections = options.max_connections,
             .head_timeout = kHeadTimeouts * options.io_timeout,
             .idle_seconds = absl::ToInt64Seconds(options.keep_alive_timeout),
             .serve = [this](int fd) { ServeConnection(fd, parts_); }}),
        serve_one_([this](ConnectionSocket& socket,
                          const std::string& remote_address) {
          return engine_.ServeOne(socket, remote_address);
        }),
        parts_({.handler = handler_,
                .rejecter = rejecter_,
                .engine = serve_one_,
                .idle = idle_,
                .timeouts = {.io = options.io_timeout,
                             .idle = options.keep_alive_timeout}}) {}

  absl::Status Bind(int port) {
    if (const int bound = engine_.Bind(options_.host, port); bound > 0) {
      port_ = bound;
      return absl::OkStatus();
    }
    const absl::Status error = BindError(options_.host, port);
    return error.ok() ? absl::UnavailableError(absl::StrCat(
                            "cannot listen on ", UrlOf(options_.host, port)))
                      : error;
  }

  int port() const { return port_; }

  absl::Status Serve() {
    while (true) {
      {
        const absl::MutexLock lock(&mutex_);
        if (stopping_) return absl::OkStatus();
        serving_ = true;
      }
      engine_.Accept();
      {
        const absl::MutexLock lock(&mutex_);
        serving_ = false;
        if (stopping_) return absl::OkStatus();
      }
      // The library gives up when accept(2) fails, for which a lack of memory
      // or of descriptors in the whole system is enough.
      engine_.Unbind();
      if (absl::Status bound = Bind(port_); !bound.ok()) return bound;
    }
  }

  void Stop() {
    bool was_serving = false;
    {
      const absl::MutexLock lock(&mutex_);
      if (stopping_) return;
      stopping_ = true;
      was_serving = serving_;
    }
    // Stopping what does not run yet would have no effect. Nobody whose
    // connection is ended below may find that a new one is taken.
    if (was_serving) engine_.StopAccepting();
    idle_.Stop();
  }

 private:
  const Options options_;
  const Handler handler_;
  const Rejecter rejecter_;
  IdleConnections idle_;
  HttpEngine engine_;
  const GeneralEngine serve_one_;
  const ConnectionParts parts_;
  int port_ = 0;
  absl::Mutex mutex_;
  bool serving_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() = default;

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Listen(
    const Options& options, Handler handler, Rejecter rejecter) {
  auto impl =
      std::make_unique<Impl>(options, std::move(handler), std::move(rejecter));
  if (absl::Status bound = impl->Bind(options.port); !bound.ok()) return bound;
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

int HttpServer::port() const { return impl_->port(); }

absl::Status HttpServer::Serve() { return impl_->Serve(); }

void HttpServer::Stop() { impl_->Stop(); }

}  // namespace tallyman::server
