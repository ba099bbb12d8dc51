#include "stacks/keeper/protocol.h"

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "platform/base/unique_fd.h"
#include "platform/held_child.h"

namespace tallyman::stacks::keeper {
namespace {

// Gate, output, cgroup.
constexpr size_t kMaxDescriptors = 3;

// The encoding. A message is a byte for its type (its index in Message, from 1)
// and its fields in the order below. Integers have their full width and are
// little-endian; a bool is a byte, 0 or 1; an optional is a bool and, if that
// is 1, the value; strings and lists are a length of 4 bytes and their
// contents. There is one encoding for each value.

template <typename T, typename Value>
concept Is = std::same_as<std::remove_const_t<T>, Value>;

auto Fields(Is<Welcome> auto& m) { return std::tie(m.version, m.pid); }
auto Fields(Is<Child> auto& m) {
  return std::tie(m.launch, m.pid, m.start_ticks, m.wait_status);
}
auto Fields(Is<End> auto& /*m*/) { return std::tuple<>(); }
auto Fields(Is<Spawn> auto& m) {
  return std::tie(m.launch, m.spec, m.has_cgroup);
}
auto Fields(Is<platform::LaunchSpec> auto& m) {
  return std::tie(m.arguments, m.environment, m.directory, m.credentials,
                  m.limits);
}
auto Fields(Is<platform::Credentials> auto& m) {
  return std::tie(m.uid, m.gid, m.groups);
}
auto Fields(Is<platform::ResourceLimits> auto& m) {
  return std::tie(m.cpu_seconds, m.memory_bytes, m.open_files);
}
auto Fields(Is<Spawned> auto& m) {
  return std::tie(m.launch, m.pid, m.start_ticks);
}
auto Fields(Is<SpawnFailed> auto& m) { return std::tie(m.launch, m.reason); }
auto Fields(Is<Exited> auto& m) { return std::tie(m.launch, m.wait_status); }
auto Fields(Is<Forget> auto& m) { return std::tie(m.launch); }
auto Fields(Is<Select> auto& m) { return std::tie(m.version); }

class Writer {
 public:
  template <std::integral T>
  void Put(T value) {
    const auto bits = static_cast<uint64_t>(value);
    std::array<char, sizeof(T)> bytes;
    for (size_t i = 0; i < sizeof(T); ++i) {
      bytes[i] = static_cast<char>(bits >> (8 * i) & 0xff);
    }
    Append({bytes.data(), bytes.size()});
  }
  void Put(const std::string& value) {
    PutLength(value.size());
    Append(value);
  }
  template <typename T>
  void Put(const std::vector<T>& value) {
    PutLength(value.size());
    for (const T& each : value) Put(each);
  }
  template <typename T>
  void Put(const std::optional<T>& value) {
    Put(value.has_value());
    if (value) Put(*value);
  }
  template <typename T>
  requires std::is_class_v<T>
  void Put(const T& value) {
    std::apply([this](const auto&... field) { (this->Put(field), ...); },
               Fields(value));
  }

  bool too_long() const { return too_long_; }
  std::string Take() { return std::move(bytes_); }

 private:
  void PutLength(size_t length) {
    if (length > kMaxMessageBytes) too_long_ = true;
    Put(static_cast<uint32_t>(length));
  }
  // Never holds more than kMaxMessageBytes.
  void Append(std::string_view bytes) {
    if (bytes.size() > kMaxMessageBytes - bytes_.size()) too_long_ = true;
    if (!too_long_) bytes_.append(bytes);
  }

  std::string bytes_;
  bool too_long_ = false;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  template <std::integral T>
  void Get(T& value) {
    const std::string_view bytes = Take(sizeof(T));
    uint64_t bits = 0;
    for (size_t i = 0; i < bytes.size(); ++i) {
      bits |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    }
    value = static_cast<T>(bits);
  }
  void Get(bool& value) {
    uint8_t byte = 0;
    Get(byte);
    if (byte > 1) failed_ = true;
    value = byte == 1;
  }
  void Get(std::string& value) {
    uint32_t length = 0;
    Get(length);
    value = std::string(Take(length));
  }
  template <typename T>
  void Get(std::vector<T>& value) {
    uint32_t length = 0;
    Get(length);
    // An element takes at least 4 bytes, so a length without elements can't
    // make this allocate much.
    if (length > rest_.size() / 4) failed_ = true;
    if (failed_) return;
    value.resize(length);
    for (T& each : value) Get(each);
  }
  template <typename T>
  void Get(std::optional<T>& value) {
    bool has_value = false;
    Get(has_value);
    if (has_value) Get(value.emplace());
  }
  template <typename T>
  requires std::is_class_v<T>
  void Get(T& value) {
    std::apply([this](auto&... field) { (this->Get(field), ...); },
               Fields(value));
  }

  // True if the bytes were exactly the values read.
  bool Complete() const { return !failed_ && rest_.empty(); }

 private:
  // The next `count` bytes; none if there are fewer.
  std::string_view Take(size_t count) {
    if (count > rest_.size()) failed_ = true;
    if (failed_) return {};
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  std::string_view rest_;
  bool failed_ = false;
};

// Reads the fields of alternative `Index` of Message if that is the `type`.
template <size_t Index>
bool GetAlternative(uint8_t type, Reader& reader, Message& message) {
  if (type != Index + 1) return false;
  reader.Get(message.emplace<Index>());
  return true;
}

template <size_t... Index>
bool GetMessage(uint8_t type, Reader& reader, Message& message,
                std::index_sequence<Index...> /*all*/) {
  return (GetAlternative<Index>(type, reader, message) || ...);
}

absl::Status SocketError(int error, std::string_view what) {
  switch (error) {
    case EAGAIN:
      return absl::UnavailableError(absl::StrCat(what, ": no room or no data"));
    case ENOBUFS:
    case ENOMEM:
    case ETOOMANYREFS:
      return absl::ResourceExhaustedError(
          absl::StrCat(what, ": out of memory, or of descriptors in flight"));
    case EPIPE:
    case ECONNRESET:
    case ENOTCONN:
      return absl::AbortedError(absl::StrCat(what, ": the peer is gone"));
    case EMSGSIZE:
      return absl::InvalidArgumentError(
          absl::StrCat(what, ": longer than the socket takes"));
    default:
      return absl::ErrnoToStatus(error, what);
  }
}

}  // namespace

absl::StatusOr<std::string> Encode(const Message& message) {
  Writer writer;
  writer.Put(static_cast<uint8_t>(message.index() + 1));
  std::visit([&writer](const auto& each) { writer.Put(each); }, message);
  if (writer.too_long()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a message to or from the keeper is longer than ", kMaxMessageBytes,
        " bytes; use a smaller environment or fewer arguments"));
  }
  return writer.Take();
}

absl::StatusOr<Message> Decode(std::string_view bytes) {
  if (bytes.empty() || bytes.size() > kMaxMessageBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "not a message of keeper or server: ", bytes.size(), " bytes"));
  }
  const auto type = static_cast<uint8_t>(bytes.front());
  Reader reader(bytes.substr(1));
  Message message;
  constexpr auto kAll =
      std::make_index_sequence<std::variant_size_v<Message>>();
  if (!GetMessage(type, reader, message, kAll) || !reader.Complete()) {
    return absl::InvalidArgumentError(
        absl::StrCat("not a message of keeper or server: type ", type, " with ",
                     bytes.size(), " bytes"));
  }
  return message;
}

absl::Status Send(int socket, std::string_view bytes,
                  const std::vector<int>& descriptors) {
  if (descriptors.size() > kMaxDescriptors) {
    return absl::InvalidArgumentError(
        absl::StrCat(descriptors.size(), " descriptors in a message, at most ",
                     kMaxDescriptors));
  }
  // sendmsg(2) doesn't write to the buffer.
  iovec part = {const_cast<char*>(bytes.data()), bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMaxDescriptors)>
      control = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    const size_t size = sizeof(int) * descriptors.size();
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(size);
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(size);
    std::memcpy(CMSG_DATA(header), descriptors.data(), size);
  }
  while (sendmsg(socket, &message, MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) return SocketError(errno, "sending");
  }
  return absl::OkStatus();
}

absl::StatusOr<Packet> Receive(int socket) {
  // The length first, to allocate no more than needed.
  ssize_t length = 0;
  do {
    length = recv(socket, nullptr, 0, MSG_PEEK | MSG_TRUNC);
  } while (length < 0 && errno == EINTR);
  if (length < 0) return SocketError(errno, "receiving");
  const bool too_long = static_cast<size_t>(length) > kMaxMessageBytes;

  Packet packet;
  packet.bytes.resize(too_long ? 1 : static_cast<size_t>(length));
  iovec part = {packet.bytes.data(), packet.bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMaxDescriptors)>
      control = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  do {
    length = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (length < 0 && errno == EINTR);
  if (length < 0) return SocketError(errno, "receiving");

  packet.bytes.resize(static_cast<size_t>(length));
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
      continue;
    }
    const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    packet.descriptors.reserve(packet.descriptors.size() + count);
    for (size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
      packet.descriptors.emplace_back(fd);
    }
  }
  if (too_long || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
    return absl::InvalidArgumentError(
        "receiving: a packet that is longer, or has more descriptors, than any "
        "message");
  }
  return packet;
}

}  // namespace tallyman::stacks::keeper
