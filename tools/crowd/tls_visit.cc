#include "tools/crowd/tls_visit.h"

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "platform/base/unique_fd.h"
#include "server/tls/testing/tls_client.h"
#include "tools/crowd/answer_reader.h"
#include "tools/crowd/loopback.h"

namespace tallyman::crowd {
namespace {

constexpr size_t kBufferSize = size_t{16} << 10;

}  // namespace

server::TlsClientOptions AnyTls13Server() {
  return {.server_name = "", .min_version = TLS1_3_VERSION};
}

absl::StatusOr<std::unique_ptr<server::TlsClient>> ConnectTls(
    const server::TlsClientContext& context, int port, size_t index,
    SSL_SESSION* session) {
  absl::StatusOr<base::UniqueFd> fd =
      ConnectLoopback({.port = port, .index = index});
  if (!fd.ok()) return fd.status();
  return server::TlsClient::Connect(context, *std::move(fd), session);
}

absl::Status FetchTls(server::TlsClient& client, std::string_view request) {
  if (absl::Status sent = client.Write(request); !sent.ok()) return sent;
  std::array<char, kBufferSize> buffer;
  AnswerReader reader;
  while (!reader.is_complete()) {
    const absl::StatusOr<size_t> got = client.Read(absl::MakeSpan(buffer));
    if (!got.ok()) return got.status();
    if (*got == 0) return absl::DataLossError("TLS: the answer is incomplete");
    if (!reader.Feed({buffer.data(), *got})) {
      return absl::InternalError("TLS: the bytes are not one answer");
    }
  }
  if (reader.status() == 200) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat("TLS: the server answers ", reader.status()));
}

}  // namespace tallyman::crowd
