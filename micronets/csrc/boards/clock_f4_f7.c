/* The order is that of "Entering Over-drive mode" in RM0390 (section 5.1), RM0385 and RM0410 (section 4.1), whose power,
 * clock and flash registers lie at the same places. The manuals' chapters: STM32F446: flash 3, PWR 5, RCC 6; STM32F7:
 * flash 3, PWR 4, RCC 5. */
#include "clock_f4_f7.h"

#include "registers.h"

enum
{
    RCC_CR = 0x40023800,
    RCC_PLLCFGR = 0x40023804,
    RCC_CFGR = 0x40023808,
    RCC_APB1ENR = 0x40023840,
    PWR_CR = 0x40007000,  /* PWR_CR1 in STM32F7 */
    PWR_CSR = 0x40007004, /* PWR_CSR1 in STM32F7 */
    FLASH_ACR = 0x40023c00,
};

enum
{
    CR_HSEON = 1 << 16,
    CR_HSERDY = 1 << 17,
    CR_HSEBYP = 1 << 18,
    CR_PLLON = 1 << 24,
    CR_PLLRDY = 1 << 25
};
enum
{
    PLLCFGR_HSE = 1 << 22,
    PLLCFGR_R_2 = 2 << 28
};
enum
{
    CFGR_SW = 3,
    CFGR_SW_PLL = 2,
    CFGR_SWS = 3 << 2,
    CFGR_SWS_PLL = 2 << 2
};
enum
{
    CFGR_PRESCALERS = 0xfcf0,
    CFGR_APB1_BY_4 = 5 << 10,
    CFGR_APB2_BY_2 = 4 << 13
};
enum
{
    APB1ENR_PWREN = 1 << 28
};
enum
{
    PWR_VOS_SCALE_1 = 3 << 14,
    PWR_ODEN = 1 << 16,
    PWR_ODSWEN = 1 << 17
};
enum
{
    PWR_ODRDY = 1 << 16,
    PWR_ODSWRDY = 1 << 17
};

enum
{
    INTERNAL_HZ = 16000000,
    EXTERNAL_HZ = 8000000,
    PLL_INPUT_HZ = 2000000,
    FLASH_LATENCY = 0xf
};

struct board_clock start_clock(const struct pll_settings *settings)
{
    const struct board_clock failed = {INTERNAL_HZ, CLOCK_INTERNAL};
    /* The ST-LINK's quartz, 8 MHz from its pin MCO: a clock, not a quartz of our own, therefore the bypass. */
    set_bits(RCC_CR, CR_HSEBYP);
    set_bits(RCC_CR, CR_HSEON);
    const int external = wait_for(RCC_CR, CR_HSERDY, CR_HSERDY);
    const uint32_t input_divider = (external ? EXTERNAL_HZ : INTERNAL_HZ) / PLL_INPUT_HZ;

    set_bits(RCC_APB1ENR, APB1ENR_PWREN);
    (void)read_register(RCC_APB1ENR); /* the enabling takes two cycles */
    set_bits(PWR_CR, PWR_VOS_SCALE_1);
    /* P = 2 is written as 0. */
    write_register(
        RCC_PLLCFGR, PLLCFGR_R_2 | settings->usb_divider << 24 | (external ? PLLCFGR_HSE : 0) |
                         settings->multiplier << 6 | input_divider);
    set_bits(RCC_CR, CR_PLLON);
    set_bits(PWR_CR, PWR_ODEN);
    if (!wait_for(PWR_CSR, PWR_ODRDY, PWR_ODRDY))
    {
        return failed;
    }
    set_bits(PWR_CR, PWR_ODSWEN);
    if (!wait_for(PWR_CSR, PWR_ODSWRDY, PWR_ODSWRDY))
    {
        return failed;
    }
    write_register(FLASH_ACR, settings->flash_access);
    if (!wait_for(FLASH_ACR, FLASH_LATENCY, settings->flash_access & FLASH_LATENCY) ||
        !wait_for(RCC_CR, CR_PLLRDY, CR_PLLRDY))
    {
        return failed;
    }
    set_field(RCC_CFGR, CFGR_PRESCALERS, CFGR_APB1_BY_4 | CFGR_APB2_BY_2);
    set_field(RCC_CFGR, CFGR_SW, CFGR_SW_PLL);
    if (!wait_for(RCC_CFGR, CFGR_SWS, CFGR_SWS_PLL))
    {
        set_field(RCC_CFGR, CFGR_PRESCALERS | CFGR_SW, 0);
        return failed;
    }
    return (struct board_clock){settings->hz, external ? CLOCK_EXTERNAL : CLOCK_INTERNAL};
}
