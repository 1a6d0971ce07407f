/*
 * Data types of the AIGES engine ABI.
 *
 * Names, values and layouts are those of AIGES's own type.h (github.com/iflytek/aiges,
 * cgo/header/widget/type.h), so that engines compiled against either header are interchangeable.
 * The layouts are asserted at the end of this file for LP64 targets.
 *
 * Ownership, threads and units are stated with each function in wrapper.h; here only what holds
 * everywhere: all strings are NUL-terminated; all lengths are in bytes and do not count that NUL; a
 * list is never a NULL pointer but at least one node, and an empty list is one node whose key is
 * NULL.
 */
#ifndef AIGES_TYPE_H
#define AIGES_TYPE_H

#include <stddef.h>

#define WrapperAPI __attribute__((visibility("default")))

/* What a host function handed over by wrapperSetCtrl is for. */
typedef enum {
  CTMeterCustom = 0, /* the function is a wrapperMeterCustom */
  CTMetricsLog = 1,  /* the function is a wrapperMetricsLog */
  CTTraceLog = 2     /* the function is a wrapperTraceLog */
} CtrlType;

/* The kind of bytes in a DataList node. */
typedef enum {
  DataText = 0,
  DataAudio = 1,
  DataImage = 2,
  DataVideo = 3,
  DataPer = 4 /* personal resource; also any other opaque bytes ("OTHER" on the AIGES wire) */
} DataType;

/* Where a node stands in its stream. A result node with DataEnd or DataOnce is the final one. */
typedef enum { DataBegin = 0, DataContinue = 1, DataEnd = 2, DataOnce = 3 } DataStatus;

/* A list of text pairs: request parameters, engine configuration, or the description of a node. */
typedef struct ParamList {
  char* key;
  char* value;
  unsigned int vlen; /* bytes of value, without its NUL */
  struct ParamList* next;
} *pParamList, *pConfig, *pDescList;

/* A list of payloads. */
typedef struct DataList {
  char* key;
  void* data;       /* len bytes, not NUL-terminated; may be NULL when len is 0 */
  unsigned int len; /* bytes: one node holds at most 4 GiB - 1 */
  DataType type;
  DataStatus status;
  pDescList desc;
  struct DataList* next;
}* pDataList;

#if defined(__LP64__)
#if defined(__cplusplus)
#define AIGES_STATIC_ASSERT_(condition) static_assert(condition, #condition)
#else
#define AIGES_STATIC_ASSERT_(condition) _Static_assert(condition, #condition)
#endif
AIGES_STATIC_ASSERT_(sizeof(CtrlType) == 4 && sizeof(DataType) == 4 && sizeof(DataStatus) == 4);
AIGES_STATIC_ASSERT_(sizeof(struct ParamList) == 32);
AIGES_STATIC_ASSERT_(offsetof(struct ParamList, key) == 0);
AIGES_STATIC_ASSERT_(offsetof(struct ParamList, value) == 8);
AIGES_STATIC_ASSERT_(offsetof(struct ParamList, vlen) == 16);
AIGES_STATIC_ASSERT_(offsetof(struct ParamList, next) == 24);
AIGES_STATIC_ASSERT_(sizeof(struct DataList) == 48);
AIGES_STATIC_ASSERT_(offsetof(struct DataList, key) == 0);
AIGES_STATIC_ASSERT_(offsetof(struct DataList, data) == 8);
AIGES_STATIC_ASSERT_(offsetof(struct DataList, len) == 16);
AIGES_STATIC_ASSERT_(offsetof(struct DataList, type) == 20);
AIGES_STATIC_ASSERT_(offsetof(struct DataList, status) == 24);
AIGES_STATIC_ASSERT_(offsetof(struct DataList, desc) == 32);
AIGES_STATIC_ASSERT_(offsetof(struct DataList, next) == 40);
#undef AIGES_STATIC_ASSERT_
#endif

#endif /* AIGES_TYPE_H */
