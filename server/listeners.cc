#include "server/listeners.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "platform/base/unique_fd.h"
#include "server/http/http_server.h"
#include "server/net/listen_address.h"
#include "server/net/listening_socket.h"
#include "server/network_flags.h"
#include "server/tls/tls_acceptor.h"

namespace tallyman::server {
namespace {

// A wildcard address is not connectable; show loopback.
std::string ConnectableUrl(ListenAddress address) {
  if (address.host == "0.0.0.0") address.host = "127.0.0.1";
  if (address.host == "::") address.host = "::1";
  return address.Url();
}

bool HasTls(const ListeningSocket& socket) {
  return socket.address().tls.value_or(false);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Listeners>> Listeners::Open(
    const NetworkConfig& config, std::vector<ListeningSocket> activated) {
  auto listeners = absl::WrapUnique(new Listeners);
  listeners->sockets_ = std::move(activated);
  for (const ListeningSocket& socket : listeners->sockets_) {
    if (HasTls(socket) && !config.tls) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the service manager hands over ", socket.address().Url(),
          ", which needs --tls_cert and --tls_key"));
    }
  }
  if (config.tls) {
    absl::StatusOr<std::unique_ptr<TlsAcceptor>> tls =
        TlsAcceptor::Create(*config.tls);
    if (!tls.ok()) return tls.status();
    listeners->tls_ = *std::move(tls);
  }
  std::vector<ListenAddress> addresses = config.listen;
  if (addresses.empty() && listeners->sockets_.empty()) {
    addresses.push_back(config.default_address);
  }
  for (const ListenAddress& address : addresses) {
    absl::StatusOr<std::vector<ListeningSocket>> opened = ListeningSocket::Open(
        address, {.unix_mode = config.unix_socket_mode, .resolve = {}});
    if (!opened.ok()) return opened.status();
    for (ListeningSocket& socket : *opened) {
      listeners->sockets_.push_back(std::move(socket));
    }
  }
  return listeners;
}

std::vector<HttpServer::Socket> Listeners::Sockets() const {
  std::vector<HttpServer::Socket> sockets;
  sockets.reserve(sockets_.size());
  for (const ListeningSocket& socket : sockets_) {
    HttpServer::Socket& added = sockets.emplace_back();
    added.fd = socket.fd();
    added.is_shared = socket.is_adopted();
    if (!HasTls(socket)) continue;
    added.make_transport = [this](base::UniqueFd fd) {
      return tls_->Accept(std::move(fd));
    };
  }
  return sockets;
}

std::vector<std::string> Listeners::Urls() const {
  std::vector<std::string> urls;
  for (const auto kind :
       {ListenAddress::Kind::kTcp, ListenAddress::Kind::kUnix}) {
    for (const ListeningSocket& socket : sockets_) {
      if (socket.address().kind == kind) {
        urls.push_back(ConnectableUrl(socket.address()));
      }
    }
  }
  return urls;
}

std::vector<std::string> Listeners::ClearTextUrls() const {
  std::vector<std::string> urls;
  for (const ListeningSocket& socket : sockets_) {
    if (!HasTls(socket) && !socket.is_loopback()) {
      urls.push_back(socket.address().Url());
    }
  }
  return urls;
}

}  // namespace tallyman::server
