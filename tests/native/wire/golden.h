#pragma once

#include <cstddef>
#include <string_view>

// Messages as Google's protobuf library for Python serialises them from the files in proto/, with
// map entries sorted. Each test that uses one says what is in it.
namespace aiges::wire::golden {

template <std::size_t kSize>
constexpr std::string_view bytes(const char (&text)[kSize]) {
  return {text, kSize - 1};
}

// clang-format off
inline constexpr std::string_view kXsfRequest = bytes(
    "\012\004AIIn\022&\012\005trace\022\006handle\032\025\012\010PeerAddr\022\0111.2.3.4:5\032\012"
    "\012\005SeqNo\022\0011\032\017\012\010waitTime\022\003500\042\210\001\012\205\001\012\003sv"
    "c\022\004name\030\001\042\011\012\003sid\022\002s1*\010\012\003top\022\00112\034\012\006res"
    "ult\020\003\032\020\012\010encoding\022\004utf8:8\012/\012\003img\020\002\032\017\012\010en"
    "coding\022\003raw\032\010\012\003seq\022\0014\032\013\012\006status\022\0012\022\005\000\377"
    "png@\371\377\377\377\377\377\377\377\377\001");
inline constexpr std::string_view kXsfReply = bytes(
    "\010\377\377\377\377\377\377\377\377\377\001\022\004full\032&\012\005trace\022\006handle\032"
    "\025\012\010PeerAddr\022\0111.2.3.4:5\042\011\012\004vcpu\022\0011*O\012M\012\003svc\020\372"
    "N\032\003why \003*<\0123\012\006result\020\003\032\020\012\010encoding\022\004utf8\032\010\012"
    "\003seq\022\0010\032\013\012\006status\022\0013\022\005\000\377png");
inline constexpr std::string_view kExecRequest = bytes(
    "\012\005mnist\022\010\012\003top\022\0011\032!\012\003img\022\005\000\377png\030\002 \003*\017"
    "\012\010encoding\022\003raw\042\003\001\254\002*\002s1");
inline constexpr std::string_view kStreamRequest = bytes(
    "\012\032\012\005mnist\022\010\012\003top\022\0011\032\003\001\254\002\042\002s1\022!\012\003"
    "img\022\005\000\377png\030\002 \001*\017\012\010encoding\022\003raw");
inline constexpr std::string_view kEngineResponse = bytes(
    "\012!\012\003img\022\005\000\377png\030\002 \003*\017\012\010encoding\022\003raw\022\002s1");
inline constexpr std::string_view kDescribeResponse = bytes(
    "\012*\012\005mnist\022\0031.0\032\001c\042\004once\042\006stream*\002{}2\007serving\022\003"
    "0.2");
inline constexpr std::string_view kHealthList = bytes(
    "\012\007\012\001a\022\002\010\001\012\005\012\001b\022\000");
inline constexpr std::string_view kReflectionRequest = bytes(
    "\012\001h*\007\012\003a.B\020\007");
inline constexpr std::string_view kReflectionFiles = bytes(
    "\012\001h\022\014\012\001h*\007\012\003a.B\020\007\042\012\012\003one\012\003two");
inline constexpr std::string_view kReflectionServices = bytes(
    "\012\001h\022\014\012\001h*\007\012\003a.B\020\0072\007\012\005\012\003a.S");
inline constexpr std::string_view kReflectionError = bytes(
    "\012\001h\022\014\012\001h*\007\012\003a.B\020\007:\006\010\005\022\002no");
inline constexpr std::string_view kToolBoxRequest = bytes(
    "\012\001q\022\001h\032\001b");
inline constexpr std::string_view kToolBoxReply = bytes(
    "\012\001h\022\001b");
// clang-format on

}  // namespace aiges::wire::golden
