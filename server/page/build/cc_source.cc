#include "server/page/build/cc_source.h"

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "server/page/build/gzip.h"
#include "server/page/build/page_builder.h"

namespace tallyman::page {
namespace {

constexpr size_t kLineBytes = 100;

// std::string_view(literals, size)
std::string View(std::string_view bytes) {
  return absl::StrCat("std::string_view(", CcLiterals(bytes), ", ",
                      bytes.size(), ")");
}

}  // namespace

std::string CcLiterals(std::string_view bytes) {
  std::string text = "\n\"";
  size_t line = 0;
  for (const char c : bytes) {
    if (line >= kLineBytes) {
      absl::StrAppend(&text, "\"\n\"");
      line = 0;
    }
    const size_t before = text.size();
    const auto byte = static_cast<unsigned char>(c);
    // A question mark could be part of a trigraph.
    if (absl::ascii_isprint(byte) && !absl::StrContains("\"\\?", c)) {
      text.push_back(c);
    } else {
      // Three octal digits: the next character cannot belong to the escape.
      text.push_back('\\');
      text.push_back(static_cast<char>('0' + (byte >> 6)));
      text.push_back(static_cast<char>('0' + (byte >> 3 & 7)));
      text.push_back(static_cast<char>('0' + (byte & 7)));
    }
    line += text.size() - before;
  }
  text.push_back('"');
  return text;
}

std::string WriteCcSource(absl::Span<const BuiltAsset> assets) {
  std::string source =
      "// Written by //server/page/build:embed_page.\n\n"
      "#include \"server/page/page_assets.h\"\n\n"
      "#include <string_view>\n\n"
      "#include \"absl/types/span.h\"\n\n"
      "namespace tallyman::server {\nnamespace {\n\n"
      "constexpr PageAsset kAssets[] = {\n";
  for (const BuiltAsset& asset : assets) {
    absl::StrAppend(&source, "{.path = ", View(asset.path),
                    ",\n.media_type = ", View(asset.media_type),
                    ",\n.hash = ", View(asset.hash),
                    ",\n.body = ", View(asset.body),
                    ",\n.gzip_body = ", View(Gzip(asset.body)), "},\n");
  }
  return absl::StrCat(source,
                      "};\n\n}  // namespace\n\n"
                      "absl::Span<const PageAsset> PageAssets() {\n"
                      "  return kAssets;\n}\n\n"
                      "}  // namespace tallyman::server\n");
}

}  // namespace tallyman::page
