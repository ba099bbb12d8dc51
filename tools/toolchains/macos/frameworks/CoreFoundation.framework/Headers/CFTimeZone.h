// The part of CoreFoundation that Abseil uses, as Apple documents it
// (developer.apple.com/documentation/corefoundation): Zig has no frameworks.

#ifndef TALLYMAN_TOOLS_TOOLCHAINS_MACOS_CFTIMEZONE_H_
#define TALLYMAN_TOOLS_TOOLCHAINS_MACOS_CFTIMEZONE_H_

#ifdef __cplusplus
extern "C" {
#endif

typedef unsigned char Boolean;
typedef signed long CFIndex;
typedef unsigned int CFStringEncoding;
typedef const void* CFTypeRef;
typedef const struct __CFString* CFStringRef;
typedef const struct __CFTimeZone* CFTimeZoneRef;

enum { kCFStringEncodingUTF8 = 0x08000100 };

void CFRelease(CFTypeRef object);
CFTimeZoneRef CFTimeZoneCopyDefault(void);
CFStringRef CFTimeZoneGetName(CFTimeZoneRef zone);
CFIndex CFStringGetLength(CFStringRef string);
CFIndex CFStringGetMaximumSizeForEncoding(CFIndex length,
                                          CFStringEncoding encoding);
Boolean CFStringGetCString(CFStringRef string, char* buffer, CFIndex size,
                           CFStringEncoding encoding);

#ifdef __cplusplus
}
#endif

#endif  // TALLYMAN_TOOLS_TOOLCHAINS_MACOS_CFTIMEZONE_H_
