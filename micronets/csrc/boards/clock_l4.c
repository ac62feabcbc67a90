/* STM32L4+ at 120 MHz, its most (RM0432, chapters "Embedded flash memory", "Power control" with section "Dynamic voltage
 * scaling management", and "Reset and clock control"). */
#include "clock_l4.h"

#include "registers.h"

enum
{
    RCC_CR = 0x40021000,
    RCC_CFGR = 0x40021008,
    RCC_PLLCFGR = 0x4002100c,
    RCC_APB1ENR1 = 0x40021058,
    PWR_CR1 = 0x40007000,
    PWR_SR2 = 0x40007014,
    PWR_CR5 = 0x40007080,
    FLASH_ACR = 0x40022000,
};

enum
{
    CR_HSION = 1 << 8,
    CR_HSIRDY = 1 << 10,
    CR_PLLON = 1 << 24,
    CR_PLLRDY = 1 << 25
};
enum
{
    CFGR_SW = 3,
    CFGR_SW_PLL = 3,
    CFGR_SWS = 3 << 2,
    CFGR_SWS_PLL = 3 << 2,
    CFGR_HPRE = 0xf << 4
};
enum
{
    CFGR_HPRE_BY_2 = 8 << 4
};
/* 16 MHz / M 2 x N 30 / R 2 (written as 0) = 120 MHz; M is written less 1. */
enum
{
    PLLCFGR_120_MHZ = 2 | (2 - 1) << 4 | 30 << 8 | 1 << 24
};
enum
{
    APB1ENR1_PWREN = 1 << 28
};
enum
{
    PWR_VOS = 3 << 9,
    PWR_VOS_RANGE_1 = 1 << 9,
    PWR_VOSF = 1 << 10,
    PWR_NO_BOOST = 1 << 8
};
enum
{
    FLASH_LATENCY = 0xf,
    FLASH_PREFETCH = 1 << 8,
    FLASH_CACHES = 3 << 9
};
enum
{
    RESET_HZ = 4000000,
    CORE_HZ = 120000000
};

struct board_clock start_clock(void)
{
    const struct board_clock failed = {RESET_HZ, CLOCK_INTERNAL};
    set_bits(RCC_APB1ENR1, APB1ENR1_PWREN);
    (void)read_register(RCC_APB1ENR1); /* the enabling takes two cycles */
    /* No quartz: the board's default wiring gives the core neither one nor the ST-LINK's clock (UM2179). */
    set_bits(RCC_CR, CR_HSION);
    if (!wait_for(RCC_CR, CR_HSIRDY, CR_HSIRDY))
    {
        return failed;
    }
    set_field(PWR_CR1, PWR_VOS, PWR_VOS_RANGE_1);
    if (!wait_for(PWR_SR2, PWR_VOSF, 0))
    {
        return failed;
    }
    write_register(RCC_PLLCFGR, PLLCFGR_120_MHZ);
    set_bits(RCC_CR, CR_PLLON);
    if (!wait_for(RCC_CR, CR_PLLRDY, CR_PLLRDY))
    {
        return failed;
    }
    write_register(FLASH_ACR, FLASH_CACHES | FLASH_PREFETCH | BOARD_FLASH_WAIT_STATES);
    if (!wait_for(FLASH_ACR, FLASH_LATENCY, BOARD_FLASH_WAIT_STATES))
    {
        return failed;
    }
    /* Beyond 80 MHz: boost, and at least 1 us with the bus at half the speed in between. */
    set_field(RCC_CFGR, CFGR_HPRE, CFGR_HPRE_BY_2);
    set_field(PWR_CR5, PWR_NO_BOOST, 0);
    set_field(RCC_CFGR, CFGR_SW, CFGR_SW_PLL);
    if (!wait_for(RCC_CFGR, CFGR_SWS, CFGR_SWS_PLL))
    {
        set_field(RCC_CFGR, CFGR_SW | CFGR_HPRE, 0);
        return failed;
    }
    for (uint32_t reads = 0; reads < CORE_HZ / 1000000; reads++)
    {
        (void)read_register(RCC_CFGR);
    }
    set_field(RCC_CFGR, CFGR_HPRE, 0);
    return (struct board_clock){CORE_HZ, CLOCK_INTERNAL};
}
