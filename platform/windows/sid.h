// Security identifiers (SID), which name the accounts of Windows.

#ifndef TALLYMAN_PLATFORM_WINDOWS_SID_H_
#define TALLYMAN_PLATFORM_WINDOWS_SID_H_

#include <optional>
#include <string>
#include <string_view>

namespace tallyman::platform {

// The text of a SID, such as "S-1-5-18" for the account SYSTEM; nullopt if
// `sid` is not the bytes of one SID. [MS-DTYP] of Microsoft, 2.4.2.1 (text) and
// 2.4.2.2 (bytes): revision 1, the number of sub-authorities (at most 15), the
// authority as 6 bytes big-endian, and the sub-authorities as 4 bytes each
// little-endian. An authority from 2^32 on is written in hexadecimal.
// Thread-safe.
std::optional<std::string> SidText(std::string_view sid);

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_WINDOWS_SID_H_
