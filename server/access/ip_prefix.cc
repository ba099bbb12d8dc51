#include "server/access/ip_prefix.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/numeric/int128.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "platform/base/ip_text.h"
#include "platform/base/text.h"

namespace tallyman::server {
namespace {

constexpr int kMappedLength = 96;  // ::ffff:0:0/96
constexpr uint64_t kMappedPrefix = 0xffff;

// The last `width - length` bits.
absl::uint128 HostMask(int width, int length) {
  const int bits = width - length;
  if (bits >= 128) return absl::Uint128Max();
  return (absl::uint128(1) << bits) - 1;
}

template <typename Bytes>
absl::uint128 BitsOf(const Bytes& bytes) {
  absl::uint128 bits = 0;
  for (const uint8_t byte : bytes) bits = bits << 8 | byte;
  return bits;
}

template <typename Bytes>
Bytes BytesOf(absl::uint128 bits) {
  Bytes bytes;
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
    *byte = static_cast<uint8_t>(bits);
    bits >>= 8;
  }
  return bytes;
}

bool IsMapped(absl::uint128 bits) { return (bits >> 32) == kMappedPrefix; }

absl::Status PrefixError(std::string_view text, std::string_view reason) {
  return absl::InvalidArgumentError(
      absl::StrCat(base::Quote(text), " ", reason));
}

// Decimal digits without sign or leading zero, or -1.
int LengthOf(std::string_view digits) {
  int length = -1;
  if (digits.empty() || digits.size() > 3 ||
      !absl::c_all_of(digits, absl::ascii_isdigit) ||
      (digits.size() > 1 && digits.front() == '0') ||
      !absl::SimpleAtoi(digits, &length)) {
    return -1;
  }
  return length;
}

}  // namespace

std::optional<IpAddress> IpAddress::Parse(std::string_view text) {
  const std::string copy(text);
  if (text.find(':') == std::string_view::npos) {
    const std::optional<base::Ipv4Bytes> v4 = base::ParseIpv4(copy);
    if (!v4) return std::nullopt;
    return IpAddress(true, BitsOf(*v4));
  }
  const std::optional<base::Ipv6Bytes> v6 = base::ParseIpv6(copy);
  if (!v6) return std::nullopt;
  const absl::uint128 bits = BitsOf(*v6);
  if (IsMapped(bits)) {
    return IpAddress(true, static_cast<uint32_t>(absl::Uint128Low64(bits)));
  }
  return IpAddress(false, bits);
}

IpAddress IpAddress::FirstBits(int length) const {
  return IpAddress(is_v4_, bits_ & ~HostMask(width(), length));
}

bool IpAddress::IsLoopback() const {
  return is_v4_ ? (bits_ >> 24) == 127 : bits_ == 1;
}

std::string IpAddress::ToString() const {
  return is_v4_ ? base::IpText(BytesOf<base::Ipv4Bytes>(bits_))
                : base::IpText(BytesOf<base::Ipv6Bytes>(bits_));
}

absl::StatusOr<IpPrefix> IpPrefix::Parse(std::string_view text) {
  const size_t slash = text.find('/');
  const std::string_view address_text = text.substr(0, slash);
  const std::optional<IpAddress> address = IpAddress::Parse(address_text);
  if (!address.has_value()) {
    return PrefixError(text,
                       "is neither an IP address nor ADDRESS/LENGTH, such as "
                       "10.0.0.0/8 or 2001:db8::/32");
  }
  if (slash == std::string_view::npos) {
    return IpPrefix(*address, address->width());
  }
  // The length of a mapped prefix counts the bits of IPv6.
  const bool is_mapped =
      address->is_v4() && address_text.find(':') != std::string_view::npos;
  const int min = is_mapped ? kMappedLength : 0;
  const int max = is_mapped ? 128 : address->width();
  const int written = LengthOf(text.substr(slash + 1));
  if (written < min || written > max) {
    return PrefixError(text, absl::StrCat("has a prefix length that is not ",
                                          "from ", min, " to ", max));
  }
  const int length = written - min;
  const IpPrefix prefix(address->FirstBits(length), length);
  if (prefix.first_ != *address) {
    return PrefixError(
        text, absl::StrCat("has bits set after the prefix; write ",
                           prefix.ToString(), " or ", address->ToString()));
  }
  return prefix;
}

IpAddress IpPrefix::last() const {
  return IpAddress::FromBits(first_.is_v4(),
                             first_.bits() | HostMask(first_.width(), length_));
}

std::string IpPrefix::ToString() const {
  return length_ == first_.width()
             ? first_.ToString()
             : absl::StrCat(first_.ToString(), "/", length_);
}

IpPrefixSet::IpPrefixSet(const std::vector<IpPrefix>& prefixes) {
  for (const IpPrefix& prefix : prefixes) {
    (prefix.first().is_v4() ? v4_ : v6_)
        .push_back({prefix.first().bits(), prefix.last().bits()});
  }
  for (std::vector<Range>* const ranges : {&v4_, &v6_}) {
    absl::c_sort(*ranges, [](const Range& a, const Range& b) {
      return a.first < b.first;
    });
    // Two prefixes are disjoint, or one contains the other.
    std::vector<Range> disjoint;
    for (const Range& range : *ranges) {
      if (disjoint.empty() || range.first > disjoint.back().last) {
        disjoint.push_back(range);
      } else {
        disjoint.back().last = std::max(disjoint.back().last, range.last);
      }
    }
    *ranges = std::move(disjoint);
  }
}

absl::StatusOr<IpPrefixSet> IpPrefixSet::Parse(std::string_view list) {
  std::vector<IpPrefix> prefixes;
  if (absl::StripAsciiWhitespace(list).empty()) return IpPrefixSet();
  for (const std::string_view item : absl::StrSplit(list, ',')) {
    const absl::StatusOr<IpPrefix> prefix =
        IpPrefix::Parse(absl::StripAsciiWhitespace(item));
    if (!prefix.ok()) return prefix.status();
    prefixes.push_back(*prefix);
  }
  return IpPrefixSet(prefixes);
}

bool IpPrefixSet::Contains(const IpAddress& address) const {
  const std::vector<Range>& ranges = address.is_v4() ? v4_ : v6_;
  // The first range that begins after the address; the one before may have it.
  auto after = std::upper_bound(
      ranges.begin(), ranges.end(), address.bits(),
      [](const absl::uint128& bits, const Range& r) { return bits < r.first; });
  return after != ranges.begin() && address.bits() <= (--after)->last;
}

}  // namespace tallyman::server
