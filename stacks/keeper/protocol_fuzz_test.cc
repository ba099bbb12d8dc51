#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/unique_fd.h"
#include "stacks/keeper/protocol.h"
#include "stacks/keeper/versions.h"
#include "tools/fuzz/input.h"

namespace tallyman::stacks::keeper {
namespace {

// A range of versions that a peer may claim to speak.
void TestVersions(const VersionRange& peer) {
  const absl::StatusOr<int32_t> version = ChooseVersion(peer, kVersions);
  if (!version.ok()) {
    CHECK(absl::IsFailedPrecondition(version.status())) << version.status();
    fuzz::CheckMessage(version.status().message());
    return;
  }
  CHECK_GE(*version, kVersions.oldest);
  CHECK_LE(*version, kVersions.newest);
  CHECK_GE(*version, peer.oldest);
  CHECK_LE(*version, peer.newest);
}

void TestMessage(const Message& message) {
  if (const auto* const welcome = std::get_if<Welcome>(&message)) {
    TestVersions({.oldest = welcome->version, .newest = welcome->pid});
  }
  if (const auto* const child = std::get_if<Child>(&message)) {
    if (IsVersionsRecord(*child)) CHECK(child->wait_status.has_value());
  }
}

// Each message has one encoding, and no encoding begins another.
void TestDecode(std::string_view bytes) {
  const absl::StatusOr<Message> message = Decode(bytes);
  if (!message.ok()) {
    fuzz::CheckClientError(message.status());
    return;
  }
  const absl::StatusOr<std::string> encoded = Encode(*message);
  CHECK_OK(encoded);
  CHECK(*encoded == bytes);
  CHECK(!Decode(bytes.substr(0, bytes.size() - 1)).ok());
  CHECK(!Decode(std::string(bytes) + '\0').ok());
  TestMessage(*message);
}

class SocketPair {
 public:
  SocketPair() {
    std::array<int, 2> fds;
    CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
                        0, fds.data()),
             0);
    one_ = base::UniqueFd(fds[0]);
    other_ = base::UniqueFd(fds[1]);
  }

  int one() const { return one_.get(); }
  int other() const { return other_.get(); }

 private:
  base::UniqueFd one_;
  base::UniqueFd other_;
};

// A packet arrives as it was sent.
void TestPacket(std::string_view bytes) {
  if (bytes.empty()) return;  // The end of a connection.
  static const SocketPair& sockets = *new SocketPair;
  CHECK_OK(Send(sockets.one(), bytes, {sockets.one()}));
  const absl::StatusOr<Packet> packet = Receive(sockets.other());
  CHECK_OK(packet);
  CHECK(packet->bytes == bytes);
  CHECK_EQ(packet->descriptors.size(), 1u);
}

}  // namespace
}  // namespace tallyman::stacks::keeper

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes = tallyman::fuzz::Input(data, size).rest();
  tallyman::stacks::keeper::TestDecode(bytes);
  tallyman::stacks::keeper::TestPacket(bytes);
  return 0;
}
