/* icuuc.dll stub (Windows 10 has it, Wine 8 has not): every converter is "unsupported" */
#define X __declspec(dllexport)
X void *ucnv_open(const char *n, int *e){ if(e) *e=16; return 0; }
#define Z(n) X long long n(void){ return 0; }
Z(ucnv_close) Z(UCNV_FROM_U_CALLBACK_SUBSTITUTE) Z(UCNV_TO_U_CALLBACK_SUBSTITUTE) Z(ucnv_reset) Z(ucnv_getMaxCharSize)
Z(ucnv_getName) Z(ucnv_getToUCallBack) Z(ucnv_getFromUCallBack) Z(ucnv_setToUCallBack) Z(ucnv_setFromUCallBack)
Z(ucnv_cbToUWriteUChars) Z(ucnv_toUnicode) Z(ucnv_cbFromUWriteUChars) Z(ucnv_toUCountPending) Z(ucnv_fromUCountPending)
Z(ucnv_getStandardName) Z(ucnv_getAvailableName) Z(ucnv_countAvailable) Z(ucnv_fromUnicode)
