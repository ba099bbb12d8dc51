// The style sheet of the page of documentation.

#ifndef TALLYMAN_API_OPENAPI_DOCS_STYLE_H_
#define TALLYMAN_API_OPENAPI_DOCS_STYLE_H_

#include <string_view>

namespace tallyman::api {

// Light and dark, for wide and narrow screens. A Content-Security-Policy allows
// it by its hash: this exact text is between <style> and </style>.
inline constexpr std::string_view kDocsStyle = R"css(
:root{color-scheme:light dark;--text:#1c2024;--quiet:#5b636b;--line:#d9dee3;
--back:#fff;--box:#f4f6f8;--link:#0b57d0;--get:#0a6b3d;--post:#0b57d0;
--put:#8a5300;--delete:#b3261e}
@media(prefers-color-scheme:dark){:root{--text:#e6e9ec;--quiet:#a3acb5;
--line:#363c43;--back:#14171a;--box:#1e2328;--link:#8ab4f8;--get:#6fd39b;
--post:#8ab4f8;--put:#f0b566;--delete:#f2998f}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0 auto;max-width:62rem;padding:1rem;color:var(--text);
background:var(--back);font:1rem/1.5 system-ui,sans-serif}
a{color:var(--link)}
h1{margin:.5rem 0}
h2{margin:2.5rem 0 .5rem;border-bottom:1px solid var(--line)}
h3{margin:2rem 0 .25rem;font-size:1.1rem;overflow-wrap:anywhere}
h4{margin:1.25rem 0 .25rem;font-size:1rem}
p{margin:.25rem 0 .5rem}
code,pre{font:.875rem/1.45 ui-monospace,monospace}
code{overflow-wrap:anywhere}
pre{margin:.25rem 0;padding:.6rem .75rem;border-radius:.4rem;
background:var(--box);overflow-x:auto}
.wide{overflow-x:auto}
table{width:100%;border-collapse:collapse;font-size:.925rem}
th,td{padding:.35rem .75rem .35rem 0;border-top:1px solid var(--line);
text-align:left;vertical-align:top}
th code{overflow-wrap:normal}
thead th{border-top:0;color:var(--quiet);font-weight:600}
.method{display:inline-block;min-width:4.2rem;font-weight:700}
.get{color:var(--get)}.post{color:var(--post)}.put{color:var(--put)}
.delete{color:var(--delete)}
.quiet{color:var(--quiet)}
nav ul{margin:.25rem 0 1rem;padding:0;list-style:none}
nav li{padding:.15rem 0;overflow-wrap:anywhere}
summary{cursor:pointer;padding:.25rem 0}
@media(max-width:40rem){thead{position:absolute;clip-path:inset(50%)}
tr{display:block;padding:.35rem 0;border-top:1px solid var(--line)}
th,td{display:block;padding:.1rem 0;border:0}}
)css";

}  // namespace tallyman::api

#endif  // TALLYMAN_API_OPENAPI_DOCS_STYLE_H_
