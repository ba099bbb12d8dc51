// IP addresses and ranges of them, as numbers.
//
//   absl::StatusOr<IpPrefixSet> lan = IpPrefixSet::Parse("10.0.0.0/8, ::1");
//   std::optional<IpAddress> client = IpAddress::Parse("10.1.2.3");
//   if (client.has_value() && lan->Contains(*client)) { ... }
//
// IPv4 and IPv6 are two families: "::/0" contains no IPv4 address. An
// IPv4-mapped IPv6 address (::ffff:10.1.2.3, RFC 4291, 2.5.5.2) is the IPv4
// address: a socket that accepts both families shows IPv4 clients in this form.

#ifndef TALLYMAN_SERVER_ACCESS_IP_PREFIX_H_
#define TALLYMAN_SERVER_ACCESS_IP_PREFIX_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"

namespace tallyman::server {

// One IPv4 or IPv6 address. A value.
class IpAddress {
 public:
  // "192.0.2.7", "2001:db8::1" or "::ffff:192.0.2.7", without brackets; nullopt
  // for other text. Leading zeros are refused ("010.0.0.1" is 8.0.0.1 for some
  // programs), and so are zone ids ("fe80::1%eth0"), which have a meaning on
  // one machine only.
  static std::optional<IpAddress> Parse(std::string_view text);

  // An IPv4 address has 32 bits, an IPv6 address has 128, in host byte order.
  static IpAddress FromBits(bool is_v4, absl::uint128 bits) {
    return IpAddress(is_v4, bits);
  }

  bool is_v4() const { return is_v4_; }
  absl::uint128 bits() const { return bits_; }

  // 32 or 128: the longest prefix.
  int width() const { return is_v4_ ? 32 : 128; }

  // The address with all bits after the first `length` set to 0. `length` is
  // from 0 to width().
  IpAddress FirstBits(int length) const;

  // 127.0.0.0/8 or ::1.
  bool IsLoopback() const;

  // "192.0.2.7", "2001:db8::1" (inet_ntop(3)).
  std::string ToString() const;

  friend bool operator==(const IpAddress& a, const IpAddress& b) {
    return a.is_v4_ == b.is_v4_ && a.bits_ == b.bits_;
  }
  friend bool operator!=(const IpAddress& a, const IpAddress& b) {
    return !(a == b);
  }
  template <typename H>
  friend H AbslHashValue(H h, const IpAddress& address) {
    return H::combine(std::move(h), address.is_v4_, address.bits_);
  }

 private:
  IpAddress(bool is_v4, absl::uint128 bits) : is_v4_(is_v4), bits_(bits) {}

  bool is_v4_;
  absl::uint128 bits_;
};

// The addresses that begin with the same bits. A value.
class IpPrefix {
 public:
  // "10.0.0.0/8", "2001:db8::/32", or one address. A prefix of IPv4-mapped
  // addresses (::ffff:10.0.0.0/104) is the IPv4 prefix (10.0.0.0/8). The
  // message of an error (InvalidArgument) quotes `text`; bits set after the
  // prefix ("10.1.2.3/8") are one, because either the address or the length is
  // a mistake.
  static absl::StatusOr<IpPrefix> Parse(std::string_view text);

  const IpAddress& first() const { return first_; }
  IpAddress last() const;
  int length() const { return length_; }

  bool Contains(const IpAddress& address) const {
    return address.is_v4() == first_.is_v4() &&
           address.FirstBits(length_) == first_;
  }

  // "10.0.0.0/8"; one address without a length.
  std::string ToString() const;

 private:
  IpPrefix(const IpAddress& first, int length)
      : first_(first), length_(length) {}

  IpAddress first_;
  int length_;
};

// A set of addresses. Contains() is thread-safe; it takes time logarithmic in
// the number of prefixes, and no memory.
class IpPrefixSet {
 public:
  // The empty set.
  IpPrefixSet() = default;
  explicit IpPrefixSet(const std::vector<IpPrefix>& prefixes);

  // Prefixes separated by commas, with spaces around them or not; "" is the
  // empty set. Errors are those of IpPrefix::Parse(); an empty item is one.
  static absl::StatusOr<IpPrefixSet> Parse(std::string_view list);

  bool Contains(const IpAddress& address) const;
  bool empty() const { return v4_.empty() && v6_.empty(); }

 private:
  struct Range {
    absl::uint128 first;
    absl::uint128 last;
  };

  // Disjoint and sorted.
  std::vector<Range> v4_;
  std::vector<Range> v6_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_ACCESS_IP_PREFIX_H_
