/*
 * The ABI's headers as a C11 compiler sees them. The functions at the end let abi_headers_test.cc
 * compare that with what a C++ compiler sees.
 */
#include <stddef.h>
#include <string.h>

#include "aiges/wrapper_ext.h"

/* The numbers that travel between engines and hosts. */
_Static_assert(CTMeterCustom == 0 && CTMetricsLog == 1 && CTTraceLog == 2, "CtrlType");
_Static_assert(DataText == 0 && DataAudio == 1 && DataImage == 2 && DataVideo == 3 && DataPer == 4,
               "DataType");
_Static_assert(DataBegin == 0 && DataContinue == 1 && DataEnd == 2 && DataOnce == 3, "DataStatus");
_Static_assert(AIGES_WRAPPER_EXT_VERSION == 1, "version of wrapper_ext.h");

/* Each pointer type is that of its function. */
#define SAME(function) \
  _Static_assert(_Generic(&function, function##Ptr: 1, default: 0), #function "Ptr")
SAME(wrapperSetCtrl);
SAME(wrapperInit);
SAME(wrapperFini);
SAME(wrapperError);
SAME(wrapperVersion);
SAME(wrapperLoadRes);
SAME(wrapperUnloadRes);
SAME(wrapperCreate);
SAME(wrapperWrite);
SAME(wrapperRead);
SAME(wrapperDestroy);
SAME(wrapperExec);
SAME(wrapperExecFree);
SAME(wrapperExecAsync);
SAME(wrapperDebugInfo);
SAME(wrapperAbiVersion);
SAME(wrapperSchema);
SAME(wrapperCancel);
SAME(wrapperBatchExec);

/* The three names of the list of pairs are one type. */
_Static_assert(_Generic((pParamList)0, pConfig: 1, default: 0), "pConfig");
_Static_assert(_Generic((pParamList)0, pDescList: 1, default: 0), "pDescList");

void aiges_c_sizes(size_t sizes[4]);
void aiges_c_fill(pDataList data, pDescList desc, char* text);

void aiges_c_sizes(size_t sizes[4]) {
  sizes[0] = sizeof(struct ParamList);
  sizes[1] = sizeof(struct DataList);
  sizes[2] = sizeof(BatchItem);
  sizes[3] = sizeof(DataStatus);
}

/* Fills every field with a value of its own. */
void aiges_c_fill(pDataList data, pDescList desc, char* text) {
  const struct ParamList pair = {text, text + 1, 0x01020304u, desc};
  const struct DataList node = {text + 2, text + 3, 0xFFFFFFFFu, DataVideo, DataEnd, desc, data};
  memcpy(desc, &pair, sizeof(pair));
  memcpy(data, &node, sizeof(node));
}
